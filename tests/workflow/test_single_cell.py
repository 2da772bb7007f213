"""Single cells in a run of their own, simulated, from bulk wells to cells of a user's own."""

import gzip
import re
import shutil
import subprocess
import sys
from importlib import util

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT, Project, overlay

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.project.config import prepare
from lacuna.project.plan import Plan
from lacuna.single_cell import stage
from lacuna.single_cell.card import available
from lacuna.single_cell.interface import CONTROL, Fold, Predicted
from lacuna.single_cell.judge_jobs import judge_unseen
from lacuna.single_cell.model.trained import restore
from lacuna.single_cell.prepare_jobs import split_cells
from lacuna.single_cell.train_jobs import predict_unseen, pretrain_bulk, train_cells

RUN = "results/demo-single-cell"
FOLDER = f"{RUN}/single_cell"
BELOW = ["config/config.yaml", "config/demo-single-cell.yaml"]
FOLDS = ["drugs_0", "drugs_1"]
STARTS = ["strict", "overlap"]
LINE = "SIMBRE2"  # held out
TINY = {
    "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8, "encoder_width": 8,
    "encoder_depth": 1, "adversary_width": 8, "adversary_depth": 1, "dimensions": 8, "epochs": 2,
    "check_every": 1, "base_cells": 20, "batch": 128,
}  # fmt: skip
SIMULATED = {
    "drugs": 60, "drugs_in_cells": 16, "cells_per_condition": 12, "mechanisms": 4, "cells": 3,
}  # fmt: skip
CONFIG = {
    "acquire": {"simulator": SIMULATED},
    "single_cell": {
        "models": {"morgan": {"encoder": "morgan", "extension": "adapters", **TINY}},
        "pretraining": {"epochs": 2, "check_every": 1},
        "starts": STARTS,
        "genes": {"total": 1000},
        "targets": {"simulated": {"folds": 2}},
    },
}
PAUSE = """if not __import__("pathlib").Path("paused").touch():
        while True: pass
    """


def configured(project, config, name="test"):
    """Lay a configuration over the demo of single cells; return the options for Snakemake."""
    project.configure(config, name)
    return ["--configfile", *BELOW, f"{name}.yaml"]


def laid_over(*configs):
    whole = {}
    for path in BELOW:
        whole = overlay(whole, yaml.safe_load((ROOT / path).read_text()))
    for config in configs:
        whole = overlay(whole, config)
    return whole


def alone(cells, **block):
    """A configuration of files of cells, and nothing else."""
    config = {"dataset": "mine", "acquire": {"source": "files", "mirror": ".", "cells": cells}}
    nothing = {"completion": {"methods": [], "completed": []}, "classification": {"completed": []}}
    return config | nothing | {"single_cell": block}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("single_cell"))
    project.options = configured(project, CONFIG)
    project.run("--cores", "2", *project.options)
    return project


def read(finished, name):
    return pd.read_csv(finished.folder / FOLDER / name, sep="\t", keep_default_na=False)


def fold_of(finished, name):
    return Fold.load(finished.folder / FOLDER / f"simulated/folds/{name}.h5")


def network(finished, name):
    return restore(hdf5.load(finished.folder / FOLDER / f"simulated/{name}.h5"))


def judged(finished, fold):
    return read(finished, f"simulated/scores/{fold}.tsv.gz")


def test_every_drug_is_judged_once_and_no_network_was_trained_on_it(finished):
    drugs = set(read(finished, "simulated/drugs.tsv")["drug"])
    found = []
    for name in FOLDS:
        fold, scores = fold_of(finished, name), judged(finished, name)
        assert set(scores["drug"]) == set(fold.held_out)
        found += fold.held_out
        for start in STARTS:
            known = set(network(finished, f"trained/morgan/{start}/{name}_0").drugs)
            assert len(known) > 5 and not known & set(fold.held_out)
            path = f"simulated/predicted/morgan/{start}/{name}_0.h5"
            predicted = Predicted.load(finished.folder / FOLDER / path)
            assert set(fold.held_out) < set(predicted.conditions["drug"])
    assert sorted(found) == sorted(drugs)


def test_strict_pretraining_sees_no_compound_that_is_held_out_and_overlap_does(finished):
    bulk = read(finished, "bulk_drugs.tsv").set_index("drug")["block"]
    cells = read(finished, "simulated/drugs.tsv").set_index("drug")["block"]
    seen = {}
    for held_out in ("overlap", "strict_drugs_0", "strict_drugs_1"):
        model = network(finished, f"pretrained/morgan/{held_out}_0")
        seen[held_out] = set(bulk[[drug for drug in model.drugs if drug != CONTROL]])
        assert len(model.genes) == 977  # the cells lack one of the 978
    for name in FOLDS:
        held = set(cells[fold_of(finished, name).held_out])
        assert len(held & set(bulk)) > 5
        assert not held & seen[f"strict_{name}"]
        assert len(held & seen["overlap"]) > 5
        said = finished.folder / RUN / f"logs/pretrain_bulk/simulated_morgan_strict_{name}_0.log"
        assert re.search(r"Strict: [1-9]\d* of \d+ wells are not trained on", said.read_text())


def test_all_methods_networks_and_starts_are_scored_with_intervals(finished):
    metrics = read(finished, "metrics.tsv")
    plain = {(method, "") for method in available()}
    networks = {("morgan", start) for start in STARTS}
    assert set(zip(metrics["method"], metrics["start"], strict=True)) == plain | networks
    numbers = metrics[["value", "low", "high"]].apply(pd.to_numeric)
    assert numbers.notna().all(axis=None)
    assert (numbers["low"] <= numbers["value"]).all() and (
        numbers["value"] <= numbers["high"]
    ).all()
    assert set(metrics["gene_set"]) == {"extended"}
    assert set(metrics.loc[metrics["method"] == "morgan", "encoder"]) == {"morgan"}
    differences = read(finished, "differences.tsv")
    assert ((differences["start"] == "strict") & (differences["against"] == "line_mean")).any()
    runs = set(read(finished, "disentanglement.tsv")[["model", "start"]].itertuples(index=False))
    assert runs == networks


def test_doing_nothing_scores_nothing_on_changes_and_well_on_profiles(finished):
    metrics = read(finished, "metrics.tsv").query("genes == 'all' and dose == 'all'")
    value = metrics.pivot_table("value", "method", "metric", aggfunc="first").apply(pd.to_numeric)
    changes = ["change_r2", "change_pearson", "change_cosine", "specific_pearson"]
    assert (value.loc["control", changes] == 0).all()
    assert value.loc["control", "change_sign"] == 0.5
    assert value.loc["control", "pearson"] > 0.9
    assert value.loc["line_mean", "specific_pearson"] == 0
    # With one control for both changes, methods that know it would correlate by its error.
    assert (value.loc[["line_mean", "random_drug"], "change_pearson"].abs() < 0.03).all()
    found = value["reciprocal_rank"]
    assert found["other_half"] > found["line_mean"] + 0.05
    flatters = metrics.groupby("metric")["flatters"].agg(set)
    assert flatters["pearson"] == {True} and flatters["change_pearson"] == {False}


def test_what_was_carried_from_bulk_is_said_tensor_by_tensor(finished):
    assert len(fold_of(finished, "drugs_0").genes) == 1000
    carried = read(finished, "simulated/trained/morgan/strict/drugs_0_0_carried.tsv")
    by_part = carried.groupby("part")["what"].agg(set)
    # Layers of their own about a network of the genes of the bulk screen, as published.
    for part in ("before", "after", "drug_adversary", "line_adversary", "level", "spread"):
        assert by_part[part] == {"new"}, part
    for part in ("encoder", "decoder", "doser", "perturbation", "lines"):
        assert by_part[part] == {"carried"}, part
    shape = carried.set_index("tensor")["shape"]
    assert shape["before.0.weight"] == "977x1000" and shape["encoder.0.weight"] == "16x977"


def test_the_report_has_a_section_and_a_second_run_has_nothing_to_do(finished):
    results = finished.folder / RUN
    report = (results / "report.html").read_text()
    assert re.search(r"<h2[^>]*>\d+\. Single cells<", report)
    assert yaml.safe_load((results / "provenance.yaml").read_text())
    page = (finished.folder / FOLDER / "pages/single_cell.html").read_text()
    first = re.search(r"<p>(.*?)</p>", page, re.DOTALL)[1]
    assert "mean of the training drugs" in first and "95 % interval" in first
    figures = Plan.of(laid_over(CONFIG)).figures.values()
    paths = [figure.path for figure in figures if figure.stage == "single_cell"]
    assert len(paths) == 7
    for path in paths:
        for ending in ("svg", "png", "tsv"):
            assert (results / f"{path}.{ending}").stat().st_size > 100
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)


def test_learnt_vectors_go_from_bulk_to_a_line_held_out_and_to_no_unseen_drug(finished, tmp_path):
    """The jobs of a run with such a network, one after the other."""
    changed = {"models": {"learned": {"encoder": "learned", "preset": "v1", **TINY}}}
    changed["targets"] = {"simulated": {"splits": ["drugs", "lines"], "lines": [LINE]}}
    config = prepare(laid_over(CONFIG, {"single_cell": changed}))
    asked = {fold for _, fold, model, *_ in stage.all_runs(config) if model == "learned"}
    assert asked == {"lines_0"}
    names = ["simulated/observations.h5ad", "simulated/drugs.tsv", "bulk.h5ad", "bulk_drugs.tsv"]
    paths = [str(finished.folder / FOLDER / name) for name in names] + [str(tmp_path / "fold.h5")]
    validation, shown = config["single_cell"]["validation"], stage.split(config, "simulated")
    genes, degs = stage.genes(config, "simulated"), stage.degs(config)
    split_cells(
        *paths, fold_name="lines_0", split=shown, genes=genes, degs=degs, validation=validation,
        seed=1,
    )  # fmt: skip
    files = dict(zip(("observations", "drugs", "bulk", "bulk_drugs", "fold"), paths, strict=True))
    run = {"model": "learned", "encoder": "learned", "encoder_options": {}, "number": 0, "seed": 1}
    options = stage.training_options(config, "learned")
    names = ["model losses", "model losses carried trials"]
    names += ["predicted distances disentangled latent", "scores examples"]
    begun, made, said, scores = (
        {name: str(tmp_path / f"{number}_{name}.tsv") for name in of_job.split()}
        for number, of_job in enumerate(names)
    )
    pretrain_bulk(
        files, begun, options=options, held_out="strict_lines_0", validation=validation, **run
    )
    files["start"] = begun["model"]
    train_cells(files, made, options=options, fold="lines_0", start="strict", trials=0, **run)
    predict_unseen(files | {"model": made["model"]}, said, fold="lines_0", **run)
    predicted = {("learned", "strict", 0): said["predicted"]}
    judge_unseen(
        files | {"encoded": {}}, predicted, {}, scores, target="simulated", methods=["control"],
        options={}, seed=1,
    )  # fmt: skip
    judged = pd.read_csv(scores["scores"], sep="\t").query("method == 'learned'")
    assert set(judged["line"]) == {LINE} and judged["value"].notna().all()
    trained = restore(hdf5.load(made["model"]))
    assert LINE not in trained.lines and set(judged["drug"]) <= set(trained.drugs)
    what = pd.read_csv(made["carried"], sep="\t").groupby("part")["what"].agg(set)
    assert what["molecules"] == {"new"} and what["encoder"] == {"carried"}


@pytest.mark.fault(
    "SIGKILL after a training on bulk wells, before its network is written; then again on one core",
    "no half file is left; networks, predictions and scores are the same, byte by byte",
)
def test_a_killed_run_begun_again_on_one_core_makes_the_same(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    target = project.folder / FOLDER / "simulated"
    made = ["pretrained/morgan/strict_drugs_0_0.h5", "trained/morgan/strict/drugs_0_0.h5"]
    made += [f"predicted/morgan/strict/drugs_0_0{ending}" for ending in (".h5", "_distances.tsv")]
    made += ["scores/drugs_0.tsv.gz"]
    for name in made:
        (target / name).unlink()
    project.alter(
        "single_cell/train_jobs.py",
        '    hdf5.save(output["model"]',
        f'    {PAUSE}hdf5.save(output["model"]',
    )
    asked = (*finished.options, "--", f"{FOLDER}/simulated/{made[-1]}")
    running = project.start("--cores", "2", *asked)
    project.kill(running, "paused")
    assert not (target / made[0]).exists()
    project.unlock()
    project.restore()
    project.run("--cores", "1", *asked)
    for name in made:
        assert unpacked(target / name) == unpacked(finished.folder / FOLDER / "simulated" / name)
    assert not list(target.rglob("*.work"))


def unpacked(path):
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


@pytest.fixture(scope="module")
def controls(finished, tmp_path_factory):
    """The untreated cells as a user has them: counts, of all genes, by symbol."""
    (path,) = (finished.folder / RUN / "acquire").rglob("*_cells.h5ad")
    cells = anndata.read_h5ad(path)
    cells = cells[cells.obs["vehicle"].astype(bool)]
    var = pd.DataFrame(index=cells.var["gene_short_name"].astype(str).to_numpy())
    made = tmp_path_factory.mktemp("cells") / "cells.h5ad"
    anndata.AnnData(cells.X, cells.obs[["cell_type"]], var).write_h5ad(made)
    return made


def test_cells_are_predicted_from_the_command_line(finished, controls, tmp_path):
    command = [sys.executable, "-m", "lacuna.command", "predict-cells"]
    command += ["--model", f"{FOLDER}/model.h5", "--cells", str(controls), "--smiles", "CCO"]
    command += ["--dose", "1uM", "--line-column", "cell_type", "-o", str(tmp_path / "out.h5ad")]
    ended = subprocess.run(command, cwd=finished.folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    source, found = anndata.read_h5ad(controls), anndata.read_h5ad(tmp_path / "out.h5ad")
    assert found.n_obs == source.n_obs and found.n_vars == 1000
    assert set(found.var_names) == set(fold_of(finished, "drugs_0").genes)
    assert np.isfinite(found.X).all() and (found.layers["variance"] > 0).all()
    assert found.obs["line"].value_counts().to_dict() == (
        source.obs["cell_type"].value_counts().to_dict()
    )
    table, genes = (pd.read_csv(tmp_path / f"out{x}.tsv", sep="\t") for x in ("", "_genes"))
    assert set(table["line"]) == set(source.obs["cell_type"])
    assert set(table["line_is"]) == {"trained"} and len(genes) == 1000 * len(table)


@pytest.mark.fault(
    "prepared cells between two steps cut short",
    "the job that reads them names the file, says to run again, and sets it aside",
)
def test_damaged_observations_are_named_and_set_aside(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    path = project.folder / FOLDER / "simulated/observations.h5ad"
    path.write_bytes(path.read_bytes()[:50_000])
    fold = f"{FOLDER}/simulated/folds/drugs_0.h5"
    (project.folder / fold).unlink()
    said = project.run("--cores", "1", *finished.options, "--", fold, fails=True)
    assert re.search(r"Error: \S*observations\.h5ad: .*Run again", said)
    assert "Traceback" not in said
    assert not path.exists() and not (project.folder / fold).exists()


@pytest.mark.fault(
    "an h5ad of a user's own cut short; another without the column that is named",
    "each is named by the job that reads it, with what was expected; no half file is left",
)
def test_broken_cells_of_a_user_are_named(controls, tmp_path):
    project = Project(tmp_path / "project")
    shutil.copy(controls, project.folder / "plain.h5ad")
    (project.folder / "short.h5ad").write_bytes(controls.read_bytes()[:5000])
    columns = {"drug": "product_name", "line": "cell_type", "dose": "dose"}
    cells = {
        name: {"expression": f"{name}.h5ad", "scale": "counts", "columns": columns}
        for name in ("plain", "short")
    }
    learned = {"models": {"learned": {"encoder": "learned"}}, "methods": ["control"]}
    config = alone(cells, **learned, targets={name: {"splits": ["random"]} for name in cells})
    asked = [f"results/mine/single_cell/{name}/observations.h5ad" for name in cells]
    options = project.configure(config, "mine")
    said = project.run("--cores", "1", "--keep-going", *options, "--", *asked, fails=True)
    own = re.escape(str(project.folder))
    assert re.search(rf"Error: {own}/short\.h5ad \(cells\): ", said)
    assert re.search(rf"Error: {own}/plain\.h5ad \(cells\): .*product_name", said)
    assert "Traceback" not in said
    assert not list((project.folder / "results/mine/single_cell").rglob("*.h5ad"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"targets": {"simulatd": {}}}, "'simulatd' (did you mean 'simulated'?) is none of"),
        ({"models": {"morgan": {"encoder": "morgn"}}}, "'morgn' (did you mean 'morgan'?)"),
        ({"models": {"morgan": {"epoch": 3}}}, "'epoch' (did you mean 'epochs' or"),
        ({"models": {"morgan": {"preset": "v2"}}}, "preset"),
        ({"models": {"a/b": {}}}, "'a/b' names files"),
        ({"methods": ["line_men"]}, "'line_men' (did you mean 'line_mean'?)"),
        ({"options": {"kernal": {}}}, "'kernal' (did you mean 'kernel'?)"),
        ({"options": {"morgan": {"bit": 9}}}, "'bit' (did you mean 'bits'?)"),
        ({"pretraining": {"epochs": 0}}, "epochs"),
        ({"starts": ["strickt"]}, "strickt"),
        ({"starts": []}, "starts"),
        ({"validation": {"share": 0.5}}, "share"),
        ({"targets": {"simulated": {"splits": ["named"], "drugs": []}}}, "drugs is empty"),
        ({"targets": {"simulated": {"splits": ["lines"], "lines": []}}}, "lines is empty"),
    ],
)
@pytest.mark.fault("mistakes in the block single_cell", "named before anything runs")
def test_mistakes_of_the_configuration_are_named(change, said):
    with pytest.raises(LacunaError) as caught:
        prepare(laid_over(CONFIG, {"single_cell": change}))
    assert said in str(caught.value)


@pytest.mark.fault(
    "starts from bulk wells without any; a package of the stage that is not there",
    "named, with what to do, before anything runs",
)
def test_what_is_not_there_is_named(monkeypatch):
    cells = {"op3": {"ranks": "r.npz", "structures": "d.tsv"}}
    config = alone(cells, models={"rdkit": {}}, targets={"op3": {}})
    prepare(config)
    with pytest.raises(LacunaError, match=r"no level3.*give starts: \[scratch\]"):
        prepare(overlay(config, {"single_cell": {"starts": ["strict"]}}))
    find = util.find_spec
    monkeypatch.setattr(
        "lacuna.single_cell.checks.find_spec", lambda name: None if name == "umap" else find(name)
    )
    with pytest.raises(LacunaError, match=r"needs 'umap-learn'.*single-cell"):
        prepare(config)


@pytest.mark.fault("a mistake in the block single_cell", "Snakemake says it, without a traceback")
def test_snakemake_tells_a_mistake_as_it_is(tmp_path):
    project = Project(tmp_path / "project")
    change = {"single_cell": {"methods": ["line_men"]}}
    said = project.run("-n", *configured(project, overlay(CONFIG, change)), fails=True)
    assert "unknown method 'line_men' (did you mean 'line_mean'?)" in " ".join(said.split())
    assert "Traceback" not in said
