"""DeepCellState in a run of its own: by profile, by cell transfer, from cell to cell."""

import numpy as np
import pandas as pd
import pytest
from project import NO_SPLITS, TINY, Project, overlay

import lacuna
from lacuna.command import main
from lacuna.explore.index import Index
from lacuna.explore.remarks import remarks
from lacuna.explore.words import INDEX
from lacuna.tensor.profiles import ProfileSet

ANALYSES = ["methods", "latent_states", "important_genes", "factors"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("deepcellstate"))
    asked = {name: {"sizes": ["large"], "folds": 2} for name in ("profiles", "cell_transfer")}
    project.options = project.configure(
        overlay(
            TINY,
            {
                "completion": {
                    "methods": ["mean_1d", "affine_map", "deepcellstate"],
                    "options": {"deepcellstate": {"learning_rate": 0.001, "latent": 16}},
                    "completed": ["affine_map", "deepcellstate"],
                },
                "evaluation": {"splits": NO_SPLITS | asked, "density": {"percents": []}},
                "classification": {"completed": []},
                "cell_to_cell": {"analyses": ANALYSES},
            },
        )
    )
    project.run("--cores", "2", *project.options)
    return project


def read(finished, name):
    return pd.read_csv(finished.folder / "results/demo" / name, sep="\t", keep_default_na=False)


def test_it_stands_in_the_tables_by_profile_and_by_cell_transfer_with_intervals(finished):
    metrics = read(finished, "metrics.tsv").query("method == 'deepcellstate' and metric == 'pct'")
    assert set(metrics["split"]) == {"profiles", "cell_transfer"}
    assert (metrics["low"].astype(float) < metrics["value"].astype(float)).all()
    folds = read(finished, "evaluation/large/cell_transfer/folds.tsv")
    assert folds.groupby("drug")["fold"].nunique().eq(1).all()


def test_its_trainings_are_drawn_and_their_checkpoints_gone(finished):
    losses = read(finished, "evaluation/figures/losses.tsv")
    assert set(losses["split"]) == {"profiles", "cell_transfer"}
    assert set(losses["method"]) == {"deepcellstate"}
    assert set(losses["fold"]) == {0, 1}
    assert not list(finished.folder.glob("results/**/*.work"))


def test_simulated_cells_are_compared_with_no_study_of_others(finished):
    numbers = read(finished, "report/published.tsv").query("paper == 'Umarov 2021'")
    assert len(numbers) > 20
    assert (numbers["ours"] == "").all()


def test_the_networks_are_kept_and_asked_of_a_profile(finished, tmp_path, capsys):
    folder = finished.folder / "results/demo"
    tensor = ProfileSet.load(folder / "tensor/large.h5")
    row = int(np.flatnonzero(tensor.drug == 0)[0])
    profile = pd.DataFrame({"mine": tensor.profiles[row]}, index=tensor.genes)
    profile.to_csv(tmp_path / "p.tsv", sep="\t")
    division = read(finished, "cell_to_cell/division.tsv")
    drugs = {
        "completed/deepcellstate.model.h5": set(tensor.drugs[tensor.drug]),
        "cell_to_cell/model.h5": set(division.query("part == 'training'")["drug"]),
    }
    for file, expected in drugs.items():
        kept = lacuna.read_model(folder / file).kept.trained_on
        assert set(kept.drugs["drug"]) == expected
        assert kept.scale == "unit"
        assert kept.facts == {"dataset": "demo", "simulated": "true"}
        assert kept.options == {"learning_rate": 0.001, "latent": 16}
    to = str(tensor.cells[1])
    words = ["predict", "--profile", str(tmp_path / "p.tsv"), "--to", to]
    assert main([*words, "--results", str(folder.parent)]) == 0
    printed = capsys.readouterr()
    assert "completed/deepcellstate.model.h5" in printed.err
    assert "shown in other cells only: the model's method reached r" in printed.err
    found = lacuna.read_model(folder / "completed/deepcellstate.model.h5").predict(profile, to)
    assert found[to].sort_values().index[-1] in printed.out
    assert "predict --model" in "".join(remarks(Index.open(folder / INDEX), folder))


def test_a_second_run_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)
