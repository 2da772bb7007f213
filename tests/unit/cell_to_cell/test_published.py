"""The published numbers of the study from cell to cell are joined to what they are of."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up import made_up
from project import ROOT, overlay

from lacuna.cell_to_cell import stage
from lacuna.cell_to_cell.published import (
    ADDED,
    numbers_of_factors,
    numbers_of_grid,
    numbers_of_transfer,
    numbers_of_variations,
)
from lacuna.cell_to_cell.variations import summarise
from lacuna.io.tsv import read_table

PRINTED = read_table(ROOT / "resources/published.tsv").query("paper == 'Umarov 2021'")


def scored(analysis, settings, cells=("MCF7", "PC3"), **more):
    scores = made_up(settings, **more)
    names = dict(zip(("c0", "c1"), cells, strict=True))
    scores = scores.assign(cell=scores["cell"].map(names), given=scores["given"].map(names))
    return summarise(analysis, scores, partial(np.random.default_rng, 0))


def printed(variations):
    """The published numbers that find one of these, by value: all of their keys."""
    keys = set(numbers_of_variations(variations)["key"].str.casefold())
    return PRINTED[PRINTED["key"].fillna("").str.casefold().isin(keys)]["value"].tolist()


def test_a_number_is_joined_to_the_direction_that_it_is_of():
    variations = scored("thinned", {"none": 0, "MCF7": 0, "PC3": 0, "all cells": 0})
    assert printed(variations) == [0.50, 0.55, 0.56]
    numbers = numbers_of_variations(variations).set_index("key")
    row = variations.query("setting == 'PC3' and into == 'MCF7' and given == 'PC3'").iloc[0]
    ours = numbers.loc["thinned/PC3/PC3 -> MCF7", ["ours", "low", "high"]]
    assert ours.tolist() == row[["value", "low", "high"]].tolist()
    assert printed(scored("thinned", {"none": 0, "A375": 0}, ("A375", "HT29"))) == []


@pytest.mark.parametrize(
    ("analysis", "settings", "values"),
    [
        ("folds", {"each drug held out once": 0}, [0.60, 0.28]),
        ("methods", {"deepcellstate": 0, "mean_1d": 0, "kernel": 0}, [0.61, 0.28]),
        ("regularisation", {"full": 0, "without all three": 0}, [0.58]),
        ("loss_of_function", {"trt_sh.cgs, trained together": 0, "trt_cp, a": 0}, [0.56]),
        ("latent_size", {"8": 0}, []),
    ],
)
def test_analyses_find_what_the_paper_prints(analysis, settings, values):
    assert printed(scored(analysis, settings)) == values
    assert printed(scored(analysis, settings, ("CELL0", "CELL1"))) == []


def test_seven_cells_are_those_of_the_paper_or_no_comparison():
    order = ["A375", "HA1E", "HT29", "HELA", "YAPC"]
    assert {*order} == ADDED
    for added, values in ((order, [0.66]), ([*order[:4], "VCAP"], []), (order[:4], [])):
        steps = {f"{number} cells, with {cell}": 0 for number, cell in enumerate(added, 3)}
        assert printed(scored("added_cells", {"cells of the study": 0, **steps})) == values


def test_an_unseen_cell_alone_gives_the_input():
    scores = made_up({"cells of the study": 0, "A375": 0}, reference="cells of the study")
    scores = scores.assign(cell=scores["cell"].map({"c0": "MCF7", "c1": "PC3"}), given="A375")
    variations = summarise("unseen_cell", scores, partial(np.random.default_rng, 0))
    assert printed(variations) == [0.49]


def test_repeats_are_in_the_interval_and_it_says_so():
    for repeats, said in ((1, "95 %, over drugs"), (3, "95 %, over drugs and trainings")):
        numbers = numbers_of_variations(scored("latent_size", {"8": 0}, repeats=repeats))
        assert set(numbers["interval"]) == {said}


def summary(**changed):
    row = {"set": "GSE116436", "cell": "MCF7", "given": "PC-3", "drugs": "not in training"}
    row |= {"what": "trained", "value": 0.4, "low": 0.3, "high": 0.5}
    return pd.DataFrame([row | changed])


def keys_of_umarov():
    return set(PRINTED["key"])


def test_scores_on_another_platform_stand_beside_those_of_their_set_and_cells_alone():
    known = keys_of_umarov()
    for what in ("copy", "trained", "fine_tuned"):
        assert {*numbers_of_transfer(summary(what=what))["key"]} <= known
    assert {
        *numbers_of_transfer(summary(set="statins", given="HepG2", cell="MCF-7"))["key"]
    } <= known
    others = [
        {"set": "SIMULATED_external_profiles"},
        {"cell": "PC-3", "given": "MCF7"},
        {"given": "several cells"},
        {"cell": "all cells"},
    ]
    for other in others:
        assert not {*numbers_of_transfer(summary(**other))["key"]} & known, other
    assert numbers_of_transfer(summary(drugs="in training")).empty


def test_the_fold_of_targets_is_that_of_the_genes_bound_in_the_cell():
    table = pd.DataFrame({"factor": ["A", "B", "A"], "cell": ["MCF7", "MCF7", "PC3"]})
    table = table.assign(fold_own=[1.0, 2.0, 9.0], fold_general=0.5)
    numbers = numbers_of_factors(table).set_index("key")["ours"]
    assert numbers.to_dict() == {"factors/MCF7/fold": 1.5, "factors/PC3/fold": 9.0}
    assert keys_of_umarov() & {*numbers.index} == {"factors/MCF7/fold"}


@pytest.mark.parametrize(("cells", "values"), [(30, [0.65, 0.53]), (71, [0.56, 0.46]), (41, [])])
def test_the_comparison_with_tensor_methods_is_by_the_grid(cells, values):
    metrics = pd.DataFrame({"method": ["deepcellstate", "dnpp"], "value": 0.5, "low": 0, "high": 1})
    metrics = metrics.assign(size="large", split="profiles", metric="profile_pearson")
    others = metrics.assign(split="drugs"), metrics.assign(metric="pct")
    filters = pd.DataFrame({"step": ["signatures", "averaged"], "cells": [99, cells]})
    found = numbers_of_grid(pd.concat([metrics, *others]), filters)
    assert len(found) == 2
    assert PRINTED[PRINTED["key"].isin(found["key"])]["value"].tolist() == values


PHASE_1 = "GSE92742_Broad_LINCS_Level5_COMPZ.MODZ_n473647x12328.gctx.gz"
PHASE_2 = "GSE70138_Broad_LINCS_Level5_COMPZ_n118050x12328_2017-03-06.gctx.gz"


@pytest.mark.parametrize(
    ("series", "theirs"),
    [
        ({"p2": {"level5": PHASE_2}}, True),
        ({"GSE70138": {"level5": "mine.gctx"}}, False),
        ({"p1": {"level5": PHASE_1}}, False),
        ({"p2": {"level5": PHASE_2}, "p1": {"level5": PHASE_1}}, False),
        ({"p2": {"level5": PHASE_2}, "p1": {"level5": PHASE_1, "pert_types": ["trt_sh"]}}, True),
        ({"p2": {"level5": PHASE_2}, "mine": {"level3": "mine.gctx"}}, False),
    ],
)
def test_the_study_is_compared_on_the_papers_series_alone(series, theirs):
    demo = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    # As a checked configuration has it, whether or not a series may name its types yet.
    from lacuna.project.plan import Plan

    config = dict(Plan.of(demo).config)
    config["acquire"] = overlay(config["acquire"], {"source": "files", "series": series})
    assert stage.has_their_data(config) == theirs
    config["cell_to_cell"] = overlay(config["cell_to_cell"], {"analyses": ["folds", "transfer"]})
    files = stage.published(config)
    assert bool(files["variations"]) == bool(files["grid"]) == theirs
    assert files["transfer"] == ["cell_to_cell/transfer_summary.tsv"]
