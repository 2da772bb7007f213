"""The cards of the analyses: each has a name, and each that varies something runs."""

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from toy import clustered

from lacuna.cell_to_cell.analyses import ANALYSES, BEST, analysis_label
from lacuna.cell_to_cell.study import Study, divide
from lacuna.cell_to_cell.variations import SUMMARY, design, score, summarise
from lacuna.completion.interface import SideInformation
from lacuna.completion.variants import read_methods
from lacuna.project.config_schema import assemble_schema

VARIED = [name for name, card in ANALYSES.items() if card.kind == "varied"]
METHODS = read_methods(["mean_2d", "mean_1d"], {"mean_2d": {"cell_weight": 0.3}})
# Options of deepcellstate that mean_2d has not: their designs are made, but not run.
OF_DEEPCELLSTATE = {"latent_size", "regularisation"}


@pytest.fixture(scope="module")
def study():
    tensor = clustered(drugs=60)
    return Study(tensor, divide(tensor, np.array([0, 1, 3]), 30, np.random.default_rng(0)))


@pytest.mark.parametrize("name", VARIED)
def test_each_analysis_runs_as_a_tiny_study(name, study, tmp_path):
    mechanisms = pd.Series(["a", "b"] * 30, study.tensor.drugs)
    variations = design(name, study, METHODS, mechanisms, np.random.default_rng(0))
    settings = [variation.setting for variation in variations]
    assert len(set(settings)) == len(settings) > 1
    reference = ANALYSES[name].reference
    assert reference in {"", BEST, *settings}
    methods = {variation.method for variation in variations}
    assert methods == (set(METHODS) if ANALYSES[name].all_methods else {"mean_2d"})
    if name not in OF_DEEPCELLSTATE:
        stream = partial(np.random.default_rng, 1)
        scores = score(variations, SideInformation(), stream, tmp_path)
        table = summarise(name, scores, np.random.default_rng(0))
        assert list(table) == SUMMARY
        assert table["setting"].tolist() == settings
        assert table["reference"].notna().all() == bool(reference)


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
        "import sys, lacuna.cell_to_cell.analyses; "
        "sys.exit(len({'torch', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_configuration_may_ask_for_each_analysis_and_no_other():
    schema = assemble_schema()["properties"]["cell_to_cell"]["properties"]["analyses"]
    assert schema["items"]["enum"] == list(ANALYSES)
