"""DeepCellState in a run of its own: by profile, elsewhere, from cell to cell."""

import pandas as pd
import pytest
from project import TINY, Project

ANALYSES = ["methods", "latent_states", "important_genes", "factors"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("deepcellstate"))
    splits = {split: {"sizes": []} for split in ("drugs", "cells", "plates")}
    splits["profiles"] = {"sizes": ["large"], "folds": 2}
    splits["elsewhere"] = {"sizes": ["large"], "folds": 2}
    project.options = project.configure(
        {
            **TINY,
            "crossval": {"folds_per_job": 2, "splits": splits},
            "density": {"percents": []},
            "methods": ["mean_1d", "affine_map", "deepcellstate"],
            "method_options": {"deepcellstate": {"learning_rate": 0.001, "latent": 16}},
            "completed": ["affine_map"],
            "classify": {"completed": []},
            "cell_to_cell": {"analyses": ANALYSES},
        }
    )
    project.run("--cores", "2", *project.options)
    return project


def read(finished, name):
    return pd.read_csv(finished.folder / "results/demo" / name, sep="\t", keep_default_na=False)


def test_it_stands_in_the_tables_by_profile_and_elsewhere_with_intervals(finished):
    metrics = read(finished, "metrics.tsv").query("method == 'deepcellstate' and metric == 'pct'")
    assert set(metrics["split"]) == {"profiles", "elsewhere"}
    assert (metrics["low"].astype(float) < metrics["value"].astype(float)).all()
    folds = read(finished, "crossval/large/elsewhere/folds.tsv")
    assert folds.groupby("drug")["fold"].nunique().eq(1).all()


def test_its_trainings_are_drawn_and_their_checkpoints_gone(finished):
    losses = read(finished, "figures/losses.tsv")
    assert set(losses["split"]) == {"profiles", "elsewhere"}
    assert set(losses["method"]) == {"deepcellstate"}
    assert set(losses["fold"]) == {0, 1}
    assert not list(finished.folder.glob("results/**/*.work"))


def test_published_numbers_find_ours(finished):
    numbers = read(finished, "published.tsv").query("paper == 'Umarov 2021'").set_index("what")
    for what in ("Pearson r, DeepCellState", "mean fold enrichment of targets"):
        assert (numbers.loc[[what], "ours"] != "").any(), what


def test_a_second_run_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)
