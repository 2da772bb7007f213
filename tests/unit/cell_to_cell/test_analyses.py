"""The cards of the analyses: each has a name, and each that varies something runs."""

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT, overlay
from studied import design_of, scores_of, settings_of, studied
from toy import clustered

from lacuna.cell_to_cell import stage
from lacuna.cell_to_cell.analyses import ANALYSES, BEST, analysis_label
from lacuna.cell_to_cell.trainings import FULL
from lacuna.cell_to_cell.variations import SUMMARY, summarise
from lacuna.completion.variants import Variant
from lacuna.project.config_schema import assemble_schema
from lacuna.project.plan import Plan

VARIED = [name for name, card in ANALYSES.items() if card.kind == "varied"]
METHODS = (Variant("mean_2d", "mean_2d", {"cell_weight": 0.3}), Variant("mean_1d", "mean_1d"))
# Options of deepcellstate that mean_2d has not: their designs are made, but not run.
OF_DEEPCELLSTATE = {"latent_size", "regularisation"}


@pytest.fixture(scope="module")
def study():
    tensor = clustered(drugs=80)
    types = np.where(np.arange(80) % 4 == 0, "trt_sh", "trt_cp")
    return studied(tensor, drugs=pd.DataFrame({"drug": tensor.drugs, "pert_type": types}))


@pytest.mark.parametrize("name", VARIED)
def test_each_analysis_runs_as_a_tiny_study(name, study, tmp_path):
    design, reference = design_of(methods=METHODS), ANALYSES[name].reference
    settings = settings_of(name, design)
    names = [setting.name for setting in settings]
    assert reference in {"", BEST, "all input cells", *names}
    assert {setting.training.method for setting in settings} == (
        {"mean_1d", "mean_2d"} if name == "methods" else {"mean_2d"}
    )
    if name not in OF_DEEPCELLSTATE:
        mechanisms = pd.Series(["a", "b"] * 40, study.tensor.drugs)
        scores = scores_of(name, study, tmp_path, design, mechanisms=mechanisms)
        table = summarise(name, scores, partial(np.random.default_rng, 0))
        assert list(table) == SUMMARY
        assert table["setting"].nunique() > (0 if name == "folds" else 1)
        assert table["reference"].notna().all() == bool(reference)
        assert {*table["into"]} == {"all", "c0", "c1", "c3"}


def test_every_analysis_has_a_label_of_its_own_a_source_and_figures():
    labels = [analysis_label(name) for name in ANALYSES]
    assert len(set(labels)) == len(labels)
    assert not set(labels) & set(ANALYSES)
    for name, card in ANALYSES.items():
        assert card.summary
        assert card.figures
        assert "doi:" in card.source
        assert ("variations" in card.figures) == (name in VARIED)


def test_looking_at_the_cards_does_not_wait_for_torch_or_scikit_learn():
    code = (
        "import sys, lacuna.cell_to_cell.stage; "
        "sys.exit(len({'torch', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_configuration_may_ask_for_each_analysis_and_no_other():
    schema = assemble_schema()["properties"]["cell_to_cell"]["properties"]["analyses"]
    assert schema["items"]["enum"] == list(ANALYSES)


def config_of(**block):
    """A configuration of the demo, checked and filled in."""
    network = {"completion": {"methods": ["mean_1d", "deepcellstate"], "completed": ["mean_1d"]}}
    others = {"classification": {"completed": []}, "cell_to_cell": block}
    demo = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    return Plan.of(overlay(demo, network | others)).config


def test_a_training_that_many_analyses_ask_for_is_one_job_with_all_questions():
    config = config_of(analyses=VARIED, cells=2, repeats=3, folds=4, added_cells=["A", "B"])
    asked = stage.asked(config)
    assert asked[FULL]["asked"] == ["tests", "unseen", "other_types"]
    contents = [training.content for training in stage.trainings(config).values()]
    assert len(set(contents)) == len(contents)
    users = [
        analysis
        for analysis, settings in stage.settings(config).items()
        if FULL in {setting.training.name for setting in settings}
    ]
    assert users == [
        *("methods", "training_drugs", "latent_size", "regularisation", "unseen_cell"),
        *("added_cells", "thinned", "loss_of_function"),
    ]
    files = stage.scores(config)
    assert len(files) == len(set(files.values())) == 3 * len(contents)
    assert f"cell_to_cell/trainings/{FULL}/scores_3.tsv" in files.values()


def test_what_a_training_is_called_does_not_depend_on_who_asks():
    every = stage.trainings(config_of(analyses=VARIED))
    for analysis in ("methods", "regularisation", "inputs"):
        alone = stage.trainings(config_of(analyses=[analysis]))
        assert all(every[name] == training for name, training in alone.items())
