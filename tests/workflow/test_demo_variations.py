"""Every analysis from cell to cell that varies something, as rules of a run, on a tiny network."""

import pandas as pd
import pytest
from project import TINY, Project, overlay

from lacuna.cell_to_cell.analyses import ANALYSES, no_setting

VARIED = [name for name, card in ANALYSES.items() if card.settings]
NETWORK = {"wide": 16, "narrow": 8, "latent": 8, "epochs": 2, "rounds": 1, "batch": 64}
MADE = ["pages/cell_to_cell.html", "figures/variations.svg", "transfer.tsv"]
# A tiny screen has no family of five drugs, and no genes that were knocked down.
WITHOUT = {"families", "loss_of_function"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("variations"))
    config = {
        "completion": {
            "methods": ["mean_1d", "deepcellstate"],
            "options": {"deepcellstate": NETWORK},
            "completed": ["mean_1d"],
        },
        "classification": {"completed": []},
        "cell_to_cell": {"analyses": [*VARIED, "transfer"], "folds": 2, "added_cells": 1},
    }
    targets = [f"results/demo/cell_to_cell/{name}" for name in MADE]
    project.options = [*project.configure(overlay(TINY, config)), "--", *targets]
    project.printed = project.run("--cores", "2", *project.options)
    project.results = project.folder / "results/demo/cell_to_cell"
    return project


def test_each_analysis_has_its_settings_or_says_why_not(finished):
    table = pd.read_csv(finished.results / "variations.tsv", sep="\t")
    assert {*table["analysis"]} == {*VARIED} - WITHOUT
    assert (table.groupby("analysis")["setting"].nunique().drop("folds") > 1).all()
    assert table["into"].nunique() == 3 and table["repeats"].eq(1).all()
    page = (finished.results / "pages/cell_to_cell.html").read_text()
    for name in WITHOUT:
        assert no_setting(name) in page
    assert "no verdict is drawn on two trainings" in page
    assert "Below full" not in page


def test_what_analyses_share_was_trained_once(finished):
    """The network that is kept is the training that most analyses compare with."""
    assert finished.printed.count("rule train_cell_states:") == 1
    made = {path.parent.name for path in finished.results.glob("trainings/*/scores_1.tsv")}
    assert not made & {"method_deepcellstate", "drugs_100", "latent_8", "more_cells_0"}
    scores = pd.read_csv(finished.results / "trainings/full/scores_1.tsv", sep="\t")
    assert {*scores["asked"]} == {"tests", "unseen"}
    table = pd.read_csv(finished.results / "variations.tsv", sep="\t")
    means = table[table["training"].eq("full") & table["setting"].ne("SIMBRE2")]
    means = means[means["into"].eq("all") & means["given"].isna()]
    tests = scores.loc[scores["asked"] == "tests", "pearson"].mean()
    assert means["analysis"].nunique() > 5
    assert (means["value"] - tests).abs().max() < 1e-5


def test_nothing_is_left_behind_nor_done_again(finished):
    assert (finished.results / "model.h5").exists()
    assert not list(finished.results.rglob("*.work"))
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)
