"""The paper's own data, planted: a tensor of MATLAB, and Characteristic Directions as text."""

import re

import numpy as np
import pandas as pd
import pytest
from matlab import tensor, write_v5
from project import NO_SPLITS, Project

from lacuna.report.origin import THRESHOLDS
from lacuna.tensor.profiles import ProfileSet

CELLS = ["MCF7", "VCAP", "PC3", "A375", "A549", "HA1E", "HT29", "HCC515", "HEPG2", "NPC"]
METHODS = ["mean_1d", "mean_2d", "dnpp", "falrtc"]
THEIRS = {"1D-Mean": "0.4", "2D-Mean": "0.46", "DNPP": "0.54", "FaLRTC": "0.53"}
GENES = [str(780 + number) for number in range(30)]
DRUGS = [f"BRD-{number:02d}" for number in range(30)]


def planted():
    """T of profiles that are a drug's and a cell's effect and noise, so that methods find some."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(30, 30, 1)) + 0.5 * rng.normal(size=(1, 30, 10))
    values = values + 0.7 * rng.normal(size=(30, 30, 10))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return np.where(np.isnan(tensor(30, 30, 10, density=0.5)), np.nan, values)


T = planted()
MEASURED = ~np.isnan(T[:, 0])


def configured(mirror, files, **tensor):
    return {
        "dataset": "own",
        "acquire": {"source": "files", "mirror": str(mirror), "series": {"published": files}},
        "tensor": {"small": {"drugs": 10, "cells": 5, "ranking_cells": 5}} | tensor,
        "completion": {"methods": METHODS, "controls": ["truth"], "completed": []},
        "classification": {"completed": []},
        "evaluation": {
            "folds_per_job": 10,
            "splits": NO_SPLITS | {"profiles": {"folds": 3}},
            "density": {"percents": []},
        },
    }


def count_as_the_paper(project, counts):
    """Let the paper have printed these counts, in the project's copy of its numbers."""
    path = project.folder / "resources/published.tsv"
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    place = table["table"] + "/" + table["key"]
    assert set(counts) <= set(place)
    table["value"] = place.map(counts).astype(object).where(place.isin(counts), table["value"])
    table.to_csv(path, sep="\t", index=False)


def rows(page):
    """Return the fields of each row of the tables of a page, by the first one."""
    fields = r"<t[dh][^>]*>(.*?)</t[dh]>"
    found = [re.findall(fields, row) for row in re.findall("(?s)<tr.*?</tr>", page)]
    return {row[0]: row[1:] for row in found if row}


def test_theirs_and_ours_stand_side_by_side(tmp_path):
    (tmp_path / "mirror").mkdir()
    ids = {"pertIds": DRUGS, "geneIds": GENES, "cellIds": CELLS}
    write_v5(tmp_path / "mirror/large.mat", T, ids)
    project = Project(tmp_path / "project")
    counts = {
        "filters/averaged/profiles": MEASURED.sum(),
        "filters/averaged/drugs": len(DRUGS),
        "filters/averaged/cells": len(CELLS),
    }
    counts |= {f"cells/{cell}": MEASURED[:, at].sum() for at, cell in enumerate(CELLS)}
    count_as_the_paper(project, {name: str(count) for name, count in counts.items()})
    config = configured(tmp_path / "mirror", {"tensor": "large.mat"}, unreplicated="keep")
    results = project.folder / "results/own"
    made = ["metrics.tsv", "report/pages/theirs_and_ours.html", "report/pages/published.html"]
    targets = [f"results/own/{name}" for name in made]
    project.run("--cores", "2", *project.configure(config), "--", *targets)

    grid = ProfileSet.load(results / "tensor/large.h5")
    assert len(grid) == MEASURED.sum()
    assert set(grid.genes) == set(GENES)
    metrics = pd.read_csv(results / "metrics.tsv", sep="\t").query("metric == 'pct'")
    pct = metrics.set_index("method")["value"]
    assert pct["truth"] > 0.999999
    assert (pct[METHODS] > 0.3).all()

    page = (results / made[1]).read_text()
    assert "These are the data of Hodos 2018" in page
    found = rows(page)
    for method, (label, theirs) in zip(METHODS, THEIRS.items(), strict=True):
        assert found[label][0] == theirs
        assert float(found[label][1].split()[0]) == pytest.approx(pct[method], abs=1e-3)
    assert [found[cell] for cell in found if "MCF7" in cell] == [
        [f"{MEASURED[:, 0].sum()}", f"{MEASURED[:, 0].sum()}", "the same", "yes"]
    ]
    assert "the tensor is the authors&#39; own" in (results / made[2]).read_text()
    # What the authors did before is not this run's: no count of downloaded signatures is claimed.
    table = pd.read_csv(results / "report/published.tsv", sep="\t").query("paper == 'Hodos 2018'")
    assert table["ours"].iloc[:7].isna().all()
    assert table["ours"].iloc[7:10].tolist() == [MEASURED.sum(), len(DRUGS), len(CELLS)]


def test_directions_are_filtered_by_their_p_values(tmp_path):
    drug, cell = np.nonzero(MEASURED)
    info = pd.DataFrame(
        {
            "sig_id": [f"s{n}" for n in range(len(drug))],
            "pert_id": np.array(DRUGS)[drug],
            "cell_id": np.array(CELLS)[cell],
            "pert_dose": "10.0",
            "pert_time": "24.0",
            "pvalue": np.where(np.arange(len(drug)) % 4 == 0, 0.11, 0.1),
            "replicateCount": 3,
        }
    )
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    info.to_csv(mirror / "metadata.txt", sep="\t", index=False)
    profiles = pd.DataFrame(T[drug, :, cell], index=info["sig_id"], columns=GENES)
    profiles.to_csv(mirror / "directions.csv.gz")
    project = Project(tmp_path / "project")
    files = {"level5": "directions.csv.gz", "sig_info": "metadata.txt"}
    config = configured(mirror, files, **THRESHOLDS)
    target = "results/own/tensor/large.h5"
    project.run("--cores", "2", *project.configure(config), "--", target)
    kept = info[info["pvalue"] <= 0.1]
    filters = pd.read_csv(project.folder / "results/own/tensor/filters.tsv", sep="\t")
    assert filters["profiles"].tolist()[:3] == [len(info), len(info), len(kept)]
    assert (ProfileSet.load(project.folder / target).reliability["replicates"] == 3).all()
