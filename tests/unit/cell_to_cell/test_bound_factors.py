"""Targets that a factor binds in a cell, against those that it binds elsewhere."""

import numpy as np
import pandas as pd
import pytest
from networks import of_groups
from toy import grid

from lacuna.cell_to_cell import bound_factors, factors
from lacuna.cell_to_cell.bound_factors import (
    choose_targets,
    compare_targets,
    summarise_targets,
)
from lacuna.io.chip_atlas import Binding

SYMBOLS = [f"G{gene}" for gene in range(40)]  # four groups of ten: each gene raises its own
HIGH = np.ones(40)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bound_factors, "TARGETS", 8)
    monkeypatch.setattr(factors, "TOP", 9)


def bound(factor, own, general, cells=("C-0", "C-0", "X"), score=200.0, genes=SYMBOLS):
    """Two experiments of the cell and one of another; each set of genes bound at a score."""
    scores = np.zeros((len(genes), 3))
    scores[own, 0], scores[own, 1], scores[general, 2] = score + 50, score - 50, score
    return Binding(factor, np.array(genes), np.array(cells), scores)


def own_group(gene):
    return [other for other in range(40) if other // 10 == gene // 10 and other != gene]


def test_targets_are_the_strongest_on_the_mean_of_each_side():
    binding = bound("G3", list(range(12)), list(range(20, 32)))
    binding.scores[[0, 1], 0] += 100
    binding.scores[[30, 31], 2] += 5
    found = choose_targets(binding, "c0", SYMBOLS, HIGH)
    assert found.factor == 3
    assert found.own.tolist() == [0, 1, 2, 4, 5, 6, 7, 8]  # not the factor itself
    assert found.general.tolist() == [30, 31, 20, 21, 22, 23, 24, 25]
    assert (found.experiments, found.others, found.targets) == (2, 1, 11)


@pytest.mark.parametrize(
    ("binding", "rises", "said"),
    [
        (bound("OTHER", [*range(12)], []), HIGH, "no gene of the tensor"),
        (bound("G3", [*range(12)], [], ("A", "B", "X")), HIGH, "no experiment in this cell"),
        (bound("G3", [*range(12)], [], ("c0",) * 3), HIGH, "no experiment in another cell"),
        (bound("G3", [*range(12)], []), 0.5 * HIGH, "at most 0.50 in training, not above 0.5"),
        (bound("G3", [*range(8)], []), HIGH, "7 targets in this cell, fewer than 8"),
        (bound("G3", [*range(12)], [], score=100), HIGH, "0 targets in this cell"),
        (bound("G3", [*range(12)], [], genes=["X"] * 40), HIGH, "0 targets in this cell"),
    ],
)
def test_the_papers_filters_say_why_a_factor_is_left_out(binding, rises, said):
    assert said in choose_targets(binding, "C0", SYMBOLS, rises)


def compared(bindings, profile=HIGH, seed=0):
    training = grid(np.broadcast_to(profile, (3, 1, 40)).copy(), np.ones((3, 1), bool))
    model = of_groups()
    training = training.__class__(
        training.profiles * 10,
        training.drug,
        training.cell,
        training.drugs,
        training.cells,
        training.genes,
    )
    return compare_targets(model, training, bindings, SYMBOLS, np.random.default_rng(seed))


def test_planted_targets_rise_with_their_factor_and_others_do_not():
    bindings = [
        bound(f"G{gene}", own_group(gene), [(gene + 10 + step) % 40 for step in range(9)])
        for gene in (3, 14, 25, 36, 38)
    ]
    table, left_out = compared(bindings)
    assert left_out.empty
    assert table["factor"].tolist() == ["G3", "G14", "G25", "G36", "G38"]
    assert (table["common_own"] == 8).all()
    assert np.allclose(table["fold_own"], 8 / (9 * 8 / 39))
    assert (table["fold_general"] < 1).all()
    assert (table["control_own"] < 1.5).all()
    assert (table["p_control_own"] < 0.3).all()  # a quarter of all genes raise the same group
    assert np.allclose(table["difference"], table["fold_own"] - table["fold_general"])
    summary = summarise_targets(table, np.random.default_rng(0)).set_index("what")
    assert summary.loc["difference", ["factors", "higher"]].tolist() == [5, 5]
    assert summary.loc["difference", "low"] > 0
    assert summary.loc["own", "value"] == pytest.approx(table["fold_own"].mean())


def test_random_targets_do_not_rise_more_in_the_cell_than_elsewhere():
    rng = np.random.default_rng(3)
    sets = [(gene, *(rng.permutation(40)[:12] for _ in range(2))) for gene in range(40)]
    table, _ = compared([bound(f"G{gene}", own, general) for gene, own, general in sets[::4]])
    summary = summarise_targets(table, np.random.default_rng(0)).set_index("what")
    assert summary.loc["difference", "low"] < 0 < summary.loc["difference", "high"]


def test_the_same_seed_gives_the_same_table_and_few_factors_no_interval():
    bindings = [bound(f"G{gene}", own_group(gene), [*range(9)]) for gene in (13, 24)]
    one, other = compared(bindings)[0], compared(bindings)[0]
    pd.testing.assert_frame_equal(one, other)
    summary = summarise_targets(one, np.random.default_rng(0))
    assert summary["low"].isna().all()
    assert summary["value"].notna().all()


def test_without_any_factor_the_tables_are_empty():
    table, left_out = compared([bound("OTHER", [*range(12)], [])])
    assert table.empty
    assert left_out["left_out"].tolist() == ["no gene of the tensor"]
    assert summarise_targets(table, np.random.default_rng(0)).empty
