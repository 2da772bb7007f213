"""What the demo's results must hold, in checks that are too long for the file of its tests."""

import numpy as np
import pandas as pd
import pytest
from project import METHODS, TINY, Project, overlay

from lacuna.io import hdf5
from lacuna.tensor.profiles import ProfileSet


def check_heatmaps(results):
    """Every method is shown in the same cells and genes, and each near its own profiles."""
    table = pd.read_csv(results / "evaluation/figures/heatmaps.tsv", sep="\t")
    assert list(table["panel"].unique()) == ["measured", *METHODS]
    assert table["drug"].nunique() == 3
    for _, of_drug in table.groupby("drug"):
        places = [rows[["cell", "gene"]].to_numpy() for _, rows in of_drug.groupby("panel")]
        assert all((places[0] == place).all() for place in places)
    tensor = ProfileSet.load(results / "tensor/large.h5")
    entry = table.iloc[0]
    drug, cell, gene = (
        list(names).index(name)
        for names, name in (
            (tensor.drugs, entry["drug"]),
            (tensor.cells, entry["cell"]),
            (tensor.genes, str(entry["gene"])),
        )
    )
    profile = tensor.profiles[tensor.find(np.array([[drug, cell]]))[0]]
    assert entry["value"] == pytest.approx(profile[gene], rel=1e-4)
    # Predictions belong to their profiles: each method is nearer to the truth than chance.
    of_panel = table.pivot_table("correlation", "panel", "drug")
    assert np.allclose(of_panel.loc["measured"], 1)
    assert (of_panel.loc["blend"] > 0.1).all()


def check_enrichment(results):
    """Programmes that were planted are found with their sign, controls are not."""
    found = pd.read_csv(results / "enrichment/enrichment.tsv", sep="\t")
    planted = hdf5.load(results / "acquire/simulated/SIMULATED_truth.h5")
    drugs, cells = planted["drugs"]["pert_id"].tolist(), planted["cells"]["cell_id"].tolist()
    signs = []
    for (drug, group), rows in found.groupby(["drug", "cells"]):
        places = [cells.index(cell) for cell in group.split(", ")]
        response = planted["response"][drugs.index(drug), places].mean(axis=0)
        score = rows.set_index("set")["nes"]
        for number in np.flatnonzero(np.abs(response) > 0.5 * np.abs(response).max()):
            name = f"simulated_programme_{number + 1:02d}"
            signs.append(np.sign(response[number]) * np.sign(score[f"{name}_up"]))
            signs.append(-np.sign(response[number]) * np.sign(score[f"{name}_down"]))
    assert np.mean(signs) > 0.9  # by chance 0
    of_control = found["set"].str.startswith("simulated_control")
    sure = found["fdr"] < 0.05
    assert sure[found["set"].str.startswith("simulated_programme")].mean() > 0.05
    assert sure[of_control].mean() < 0.05


def check_similar_drugs_and_seconds(results):
    """The report shows the drug most like each, and what each method takes."""
    report = (results / "report.html").read_text()
    assert 'id="enriched_sets"' in report and 'id="completer_times"' in report
    similar = pd.read_csv(results / "evaluation/most_similar.tsv", sep="\t")
    tensor = ProfileSet.load(results / "tensor/large.h5")
    assert similar["drug"].tolist() == list(tensor.drugs)
    assert (similar["most_similar"] != similar["drug"]).all()
    page = (results / "evaluation/pages/most_similar.html").read_text()
    assert "have a known structure" in page and page.count("simulated-0") >= 3
    times = pd.read_csv(results / "evaluation/figures/completer_times.tsv", sep="\t")
    assert set(times["method"]) == {*METHODS, "zeros"}
    assert set(times["size"]) == {"small"}
    assert (times["seconds"] > 0).all()


def check_leftovers(finished, tmp_path):
    """Products of a method that is no longer completed are named until they are removed."""
    project = Project.copy(finished, tmp_path)
    fewer = overlay(TINY, {"completion": {"completed": ["dnpp", "falrtc"]}})
    options = ["--cores", "2", *project.configure(fewer)]
    printed = project.run(*options, words=True)
    folder = tmp_path / "results/demo"
    old = [f"blend.{ending}" for ending in ("gctx", "h5ad", "model.h5")] + ["blend_genes.tsv.gz"]
    said = f"files in {folder.relative_to(tmp_path)} are none of this run's"
    assert said in printed.splitlines()[-1]
    page = (folder / "report/pages/run.html").read_text()
    assert "Not of this run" in page
    for name in old:
        assert f"completed/{name}" in page
        assert (folder / "completed" / name).read_bytes() == (
            finished.results / "completed" / name
        ).read_bytes()
    assert "completed/falrtc" not in page
    assert "Not of this run" in (folder / "report.html").read_text()
    again = project.run(*options, words=True)
    assert "Nothing to be done" in again
    assert said in again.splitlines()[-1]
    for name in old:
        (folder / "completed" / name).unlink()
    project.run(*options, words=True)
    assert "completed/blend" not in (folder / "report/pages/run.html").read_text()
