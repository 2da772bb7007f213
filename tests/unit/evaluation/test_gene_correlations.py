"""How well correlations between genes are preserved, against the definition and planted truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predicted import held_out_pair, noisy_predictions
from toy import clustered

from lacuna.evaluation.gene_correlations import (
    FEWEST_DRUGS,
    gene_correlations_kept,
    mean_over_cells,
)
from lacuna.vectors import unit_rows

HELD = noisy_predictions(drugs=60)
TENSOR = clustered(drugs=60)


def kept_by(held):
    return gene_correlations_kept(held, TENSOR, np.random.default_rng(0))


def test_it_is_the_correlation_of_the_two_matrices_above_the_diagonal():
    table = kept_by(HELD).set_index("cell")
    predicted = unit_rows(HELD.predicted)
    for number, cell in enumerate(TENSOR.cells):
        rows = HELD.cell == number
        measured, guessed = (pd.DataFrame(x[rows]).corr() for x in (HELD.truth, predicted))
        pairs = [(i, j) for i in range(len(measured)) for j in range(i)]
        both = [[matrix.loc[i, j] for i, j in pairs] for matrix in (measured, guessed)]
        assert table.loc[cell, "kept"] == pytest.approx(np.corrcoef(both)[0, 1], abs=1e-5)
        assert table.loc[cell, "drugs"] == rows.sum()


def test_the_truth_keeps_all_and_what_does_not_vary_nothing():
    assert kept_by(replace(HELD, predicted=HELD.truth))["kept"].to_numpy() == pytest.approx(1)
    assert (kept_by(replace(HELD, predicted=np.ones_like(HELD.truth)))["kept"] == 0).all()
    partly = HELD.truth.copy()
    partly[:, :3] = 0  # genes that do not vary count for nothing
    assert kept_by(replace(HELD, predicted=partly))["kept"].min() > 0.9


def test_halves_share_what_genes_have_in_common_and_no_profile():
    """Genes of one programme go together in every drug; without programmes nothing is shared."""
    rng = np.random.default_rng(0)
    drugs = np.arange(300)
    for programmes, low, high in ((True, 0.8, 1), (False, -0.1, 0.1)):
        truth = 0.5 * rng.normal(size=(300, 40))
        if programmes:
            truth += rng.normal(size=(300, 4)) @ np.kron(np.eye(4), np.ones(10))
        held = held_out_pair(truth, truth, drugs)
        assert low < kept_by(held)["halves"].item() < high


def test_cells_with_few_drugs_are_left_out():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * FEWEST_DRUGS - 1, 40))
    cell = np.repeat([0, 1], [FEWEST_DRUGS, FEWEST_DRUGS - 1])
    held = held_out_pair(rows, rows, range(len(rows)), cell=cell)
    assert kept_by(held)["cell"].tolist() == [TENSOR.cells[0]]


def test_cells_are_averaged_with_paired_intervals():
    table = pd.DataFrame({"cell": list("abcdef") * 2, "method": ["m"] * 6 + ["l"] * 6})
    table["kept"] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    table = table.assign(drugs=9, halves=0.5)
    found = mean_over_cells(table, np.random.default_rng(0)).set_index(["method", "metric"])
    assert found.loc[("m", "kept"), "value"] == pytest.approx(0.35)
    lead = found.loc[("l", "kept")] - found.loc[("m", "kept")]
    assert lead[["value", "low", "high"]].tolist() == pytest.approx([0.1, 0.1, 0.1])
    assert found.loc[("m", "kept"), "low"] < 0.34 < 0.36 < found.loc[("m", "kept"), "high"]
    assert (found["cells"] == 6).all()
    assert mean_over_cells(table[:0], np.random.default_rng(0)).empty
