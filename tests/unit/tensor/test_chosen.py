"""Cells, times and doses that a tensor is asked to be of: what stays, and why others do not."""

import numpy as np
import pytest
from rows import OPEN, pairs_of, signatures

from lacuna.errors import LacunaError
from lacuna.tensor.build import build_tensor
from lacuna.tensor.checks import check
from lacuna.tensor.filters import filter_experiments

GENE = {"pert_type": "trt_sh.cgs", "dose": np.nan, "time": 96.0}
DRUG = {"pert_type": "trt_cp"}
ROWS = [
    DRUG | {"drug": "a", "cell": "MCF7", "dose": 10.0, "time": 24.0},
    DRUG | {"drug": "a", "cell": "PC3", "dose": 0.04, "time": 24.0},
    DRUG | {"drug": "b", "cell": "MCF7", "dose": 1.0, "time": 6.0},
    DRUG | {"drug": "b", "cell": "A375", "dose": np.nan, "time": np.nan},
    {"drug": "g", "cell": "PC3", **GENE},
]


def left(**asked):
    """The pairs that are left, the steps, and why the others fell out, by drug and cell."""
    found = filter_experiments(signatures(ROWS).table, **OPEN | asked)
    gone = found.dropped.query("what == 'experiment'")
    why = {f"{row.drug} {row.cell}": row.why for row in gone.itertuples()}
    pairs = {f"{row.drug} {row.cell}" for row in found.table.itertuples()}
    return pairs, list(found.steps["step"].unique()), why


def test_cells_are_named_in_upper_or_lower_case():
    pairs, steps, why = left(cells=["mcf7", "A375"])
    assert pairs == {"a MCF7", "b MCF7", "b A375"}
    assert steps[:2] == ["signatures", "cells: 2 named"]
    assert why == dict.fromkeys(["a PC3", "g PC3"], "not one of tensor: cells")
    tensor, _ = build_tensor(signatures(ROWS), **OPEN | {"cells": ["PC3"]})
    assert pairs_of(tensor) == {("a", "PC3"), ("g", "PC3")}


def test_times_apply_to_genes_too_and_a_time_not_given_is_none_of_them():
    pairs, steps, why = left(times=[24, 6])
    assert pairs == {"a MCF7", "a PC3", "b MCF7"}
    assert steps[1] == "times: 24, 6 h"
    assert why == {"b A375": "no time is given", "g PC3": "time 96 h is not one of 24, 6"}


@pytest.mark.parametrize(
    ("doses", "kept", "step"),
    [
        ({"min": 1, "max": 10}, {"a MCF7", "b MCF7"}, "doses: at least 1 and at most 10 uM"),
        ({"max": 4}, {"a PC3", "b MCF7"}, "doses: at most 4 uM"),
        ({"min": 1.5}, {"a MCF7"}, "doses: at least 1.5 uM"),
        ({}, {"a MCF7", "a PC3", "b MCF7", "b A375"}, "doses: any"),
    ],
)
def test_doses_include_their_bounds_and_genes_which_have_none_stay(doses, kept, step):
    pairs, steps, why = left(doses=doses)
    assert pairs == kept | {"g PC3"}
    assert steps[1] == step
    if doses:
        assert why["b A375"] == "no dose is given"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"cells": ["MCF7", "PC-3"]}, "no signature is of cell 'PC-3' .did you mean 'PC3'"),
        ({"times": [24, 48]}, "no signature was read at 48 h; there are times of 6, 24, 96 h"),
        ({"doses": {"min": 100}, "cells": ["MCF7"]}, "'doses: at least 100 uM' leaves no profile"),
    ],
)
def test_what_is_not_there_is_refused(asked, said):
    with pytest.raises(LacunaError, match=said):
        left(**asked)


PLATES = {"level3": "p.gctx"}
READY = {"level5": "s.gctx", "sig_info": "s.txt"}


def checked(series, **tensor):
    kinds = ("annotations", "external", "pairs", "vectors", "rnaseq", "cells")
    block = {"source": "files", "mirror": None, "series": series, "gene_sets": []}
    block |= {kind: {} for kind in kinds} | {"genes": None, "gene_facts": None}
    check({"acquire": block, "tensor": {"scale": "unit", "doses": None} | tensor})


def test_values_as_they_are_are_those_of_ready_made_signatures_alone():
    checked({"mine": PLATES, "other": READY})
    checked({"other": READY}, scale="z")
    with pytest.raises(LacunaError, match=r"scale is z, but series: 'mine' are of plates"):
        checked({"mine": PLATES, "other": READY}, scale="z")


def test_the_lowest_dose_is_not_above_the_highest():
    checked({"other": READY}, doses={"min": 1, "max": 1})
    checked({"other": READY}, doses={"min": 1, "max": None})
    with pytest.raises(LacunaError, match="tensor: doses: min is 10, above max, which is 1"):
        checked({"other": READY}, doses={"min": 10, "max": 1})
