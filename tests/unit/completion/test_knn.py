"""KNN over cells, and blended with that over drugs, against their definitions written out."""

import numpy as np
import pytest
from toy import GENES, at, awkward, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.knn_drugs_cells import choose_share
from lacuna.completion.run import run_method
from lacuna.completion.shared.neighbours import exchange_axes, predict_each_from_others


def run(name, observed, wanted=None, **options):
    wanted = observed.missing_pairs if wanted is None else np.array(wanted)
    rng = np.random.default_rng(0)
    return run_method(name, observed, wanted, SideInformation(), rng, options)


def likeness(observed, one, other):
    """Of two cells: the mean correlation of their profiles of the same drugs, 0 if negative."""
    both = [(at(observed, d, one), at(observed, d, other)) for d in range(len(observed.drugs))]
    found = [np.corrcoef(a, b)[0, 1] for a, b in both if a is not None and b is not None]
    return max(np.mean(found), 0) if found and one != other else 0.0


def plain_knn_cells(observed, drug, cell, neighbours=10):
    """The prediction, and whether it is a fallback."""
    known = [c for c in range(len(observed.cells)) if at(observed, drug, c) is not None]
    nearest = sorted(known, key=lambda c: -likeness(observed, cell, c))[:neighbours]
    weights = np.array([likeness(observed, cell, c) for c in nearest])
    if len(known) and weights.sum() > 0:
        profiles = np.array([at(observed, drug, c) for c in nearest])
        return weights @ profiles / weights.sum(), False
    if len(known):
        return np.mean([at(observed, drug, c) for c in known], axis=0), True
    in_cell = observed.cell == cell
    return observed.profiles[in_cell if in_cell.any() else slice(None)].mean(axis=0), True


@pytest.mark.parametrize("neighbours", [1, 2, 10])
@pytest.mark.parametrize(
    "observed",
    [clustered(), awkward(), clustered(drugs=9, cells=13, noise=1.5)],
    ids=["clustered", "awkward", "many cells"],
)
def test_knn_over_cells_equals_its_definition(observed, neighbours):
    found = run("knn_cells", observed, neighbours=neighbours)
    pairs = observed.missing_pairs
    expected = [plain_knn_cells(observed, drug, cell, neighbours) for drug, cell in pairs]
    assert np.allclose(found.profiles, [profile for profile, _ in expected], atol=1e-5)
    assert found.fallback.tolist() == [fallback for _, fallback in expected]


def test_by_default_ten_cells_are_averaged():
    observed = clustered(drugs=20, cells=16, missing=0.2, noise=1.5)
    found = run("knn_cells", observed).profiles
    assert np.array_equal(found, run("knn_cells", observed, neighbours=10).profiles)
    for other in (9, 11):
        assert not np.allclose(found, run("knn_cells", observed, neighbours=other).profiles)


def hidden_one_by_one(observed, method, neighbours):
    """Each profile as a method predicts it from all others."""
    predicted = []
    for row, pair in enumerate(observed.pairs):
        others = observed.take(np.arange(len(observed)) != row)
        predicted.append(run(method, others, [pair], neighbours=neighbours).profiles[0])
    return np.array(predicted)


@pytest.mark.parametrize("neighbours", [2, 10])
@pytest.mark.parametrize("observed", [clustered(drugs=14), awkward()], ids=["clustered", "awkward"])
def test_each_from_others_is_as_if_it_were_hidden(observed, neighbours):
    for method, ours in (
        ("dnpp", predict_each_from_others(observed, neighbours)),
        ("knn_cells", predict_each_from_others(exchange_axes(observed), neighbours)),
    ):
        axis = observed.cell if method == "dnpp" else observed.drug
        has_others = np.bincount(axis)[axis] > 1
        expected = hidden_one_by_one(observed, method, neighbours)
        assert np.allclose(ours[has_others], expected[has_others], atol=1e-5)
        assert not ours[~has_others].any()


def plain_share(observed, neighbours=10):
    """The share of the cells, of 0, 0.05 ... 1, with the highest PCT of hidden profiles."""
    cells, drugs = (np.bincount(axis)[axis] for axis in (observed.drug, observed.cell))
    rows = (cells >= 3) & (drugs >= 2)
    if not rows.any():
        return 0.5
    over_drugs = hidden_one_by_one(observed, "dnpp", neighbours)[rows]
    over_cells = hidden_one_by_one(observed, "knn_cells", neighbours)[rows]
    shares = [number / 20 for number in range(21)]
    truth = observed.profiles[rows].ravel()
    return max(
        shares,
        key=lambda share: np.corrcoef(
            (share * over_cells + (1 - share) * over_drugs).ravel(), truth
        )[0, 1],
    )


def of_cells(drugs=14):
    """Cells come in pairs that are alike, drugs have nothing in common."""
    rng = np.random.default_rng(1)
    dense = np.repeat(rng.normal(size=(drugs, 3, GENES)), 2, axis=1)
    dense = dense + 0.3 * rng.normal(size=dense.shape)
    return grid(dense, rng.random(dense.shape[:2]) < 0.8)


@pytest.mark.parametrize(
    "observed",
    [clustered(drugs=14), clustered(drugs=20, cells=4, noise=1.0), awkward(), of_cells()],
    ids=["drugs", "noisy", "awkward", "cells"],
)
def test_the_blend_equals_its_definition(observed):
    share = choose_share(observed, 10)
    assert share == plain_share(observed)
    found, pairs = run("knn_drugs_cells", observed), observed.missing_pairs
    drugs, cells = run("dnpp", observed), run("knn_cells", observed)
    cold = ~np.isin(pairs[:, 0], observed.drug) | ~np.isin(pairs[:, 1], observed.cell)
    expected = share * cells.profiles + (1 - share) * drugs.profiles
    expected[cold] = cells.profiles[cold]
    assert np.allclose(found.profiles, expected, atol=1e-6)
    assert found.fallback.tolist() == (drugs.fallback & cells.fallback).tolist()


def test_the_share_follows_what_predicts():
    assert choose_share(clustered(drugs=40, cells=4, noise=0.1), 10) < 0.5
    assert choose_share(of_cells(), 10) > 0.5


def test_without_a_profile_to_hide_both_count_alike():
    observed = clustered(drugs=12, missing=1.0)  # one profile a drug
    assert choose_share(observed, 10) == 0.5
    assert np.isfinite(run("knn_drugs_cells", observed).profiles).all()
