"""Distances between populations of cells: definitions, other libraries, and what they tell."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance

from lacuna.errors import LacunaError
from lacuna.single_cell import distances as module
from lacuna.single_cell.distances import MOST_CELLS, distances


def off_diagonal(matrix):
    """Return the mean over pairs of different rows, pair by pair."""
    n = len(matrix)
    pairs = [matrix[i, j] for i in range(n) for j in range(n) if i != j]
    return sum(pairs) / len(pairs)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def cells(rng):
    """Measured, predicted and untreated cells."""
    return (
        rng.normal(1, 1, (13, 5)),
        rng.normal(0.5, 1.3, (17, 5)),
        rng.normal(0, 1, (11, 5)),
    )


def test_the_definitions_written_out(cells, rng):
    measured, predicted, control = cells
    found = distances(measured, predicted, control, rng)
    both = np.concatenate([measured, control])
    lengths = [np.linalg.norm(a - b) for i, a in enumerate(both) for b in both[:i]]
    width = np.median(lengths)
    for name, other in (("", predicted), ("_of_control", control)):
        across = np.array([[np.linalg.norm(a - b) for b in other] for a in measured])
        own = [np.array([[np.linalg.norm(a - b) for b in x] for a in x]) for x in (measured, other)]
        energy = 2 * across.mean() - off_diagonal(own[0]) - off_diagonal(own[1])
        assert found[f"e_distance{name}"] == pytest.approx(energy)
        kernels = [np.exp(-(d**2) / (2 * width**2)) for d in (across, *own)]
        mmd = off_diagonal(kernels[1]) + off_diagonal(kernels[2]) - 2 * kernels[0].mean()
        assert found[f"mmd{name}"] == pytest.approx(mmd)


def test_scipy_and_pot_say_the_same_of_one_gene(rng):
    ot = pytest.importorskip("ot", reason="pip install 'lacuna[translation]'")
    measured, predicted = rng.normal(0, 1, (40, 1)), rng.normal(1, 2, (30, 1))
    # SciPy's is the root, and pairs each cell with itself, too: distance 0, one in n pairs.
    own = [cdist(x, x).mean() * (1 / (1 - 1 / len(x)) - 1) for x in (measured, predicted)]
    expected = energy_distance(measured[:, 0], predicted[:, 0]) ** 2 - sum(own)
    found = distances(measured, predicted, None, rng)
    assert found["e_distance"] == pytest.approx(expected)
    # All to all, each cell the same weight: the plan of independent pairs, by POT.
    plan = np.full((40, 30), 1 / 1200)
    across = (plan * ot.dist(measured, predicted, metric="euclidean")).sum()
    energy = 2 * across - sum(
        off_diagonal(ot.dist(x, x, metric="euclidean")) for x in (measured, predicted)
    )
    assert found["e_distance"] == pytest.approx(energy)
    assert set(found) == {"e_distance", "mmd"}


def test_populations_alike_are_at_0_however_few_cells_there_are():
    """With pairs of a cell and itself, few predicted cells would look far away."""
    rng = np.random.default_rng(0)
    found = [
        distances(rng.normal(size=(6, 20)), rng.normal(size=(60, 20)), None, rng)
        for _ in range(300)
    ]
    for name in ("e_distance", "mmd"):
        values = np.array([one[name] for one in found])
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean()) < 4 * error
        assert values.min() < 0


def test_two_cells_are_enough_and_one_is_not(rng):
    many, two = rng.normal(size=(9, 4)), rng.normal(size=(2, 4))
    assert np.isfinite(list(distances(many, two, two, rng).values())).all()
    with pytest.raises(LacunaError, match="predicted cells of shape"):
        distances(many, two[:1], None, rng)


def test_spread_counts_where_means_are_equal(rng):
    wide, narrow = rng.normal(0, 2, (300, 4)), rng.normal(0, 0.1, (300, 4))
    alike = rng.normal(0, 2, (300, 4))
    far, near = (distances(wide, other, None, rng) for other in (narrow, alike))
    assert far["e_distance"] > 20 * abs(near["e_distance"])
    assert far["mmd"] > 20 * abs(near["mmd"])


def test_predictions_have_no_say_in_the_width(cells, rng):
    measured, predicted, control = cells
    near = distances(measured, predicted, control, rng)
    far = distances(measured, predicted + 100, control, rng)
    assert far["mmd_of_control"] == near["mmd_of_control"]
    assert far["mmd"] > near["mmd"]


def test_many_cells_are_drawn_and_the_same_ones_for_all_methods(monkeypatch):
    rng = np.random.default_rng(1)
    measured, control = rng.normal(size=(900, 3)), rng.normal(1, 1, (800, 3))
    seen = []
    squares = module._squares
    monkeypatch.setattr(module, "_squares", lambda a, b: (seen.append(a), squares(a, b))[1])
    found = [
        distances(measured, rng.normal(size=(number, 3)), control, np.random.default_rng(7))
        for number in (20, 900)
    ]
    assert (
        max(len(rows) for rows in seen) == 2 * MOST_CELLS
    )  # measured and untreated, for the width
    assert found[0]["e_distance_of_control"] == found[1]["e_distance_of_control"]
    again = distances(measured, measured[:50], control, np.random.default_rng(7))
    assert again == distances(measured, measured[:50], control, np.random.default_rng(7))
    assert again != distances(measured, measured[:50], control, np.random.default_rng(8))


def test_cells_that_are_all_alike_give_no_nan(rng):
    same = np.ones((5, 3))
    assert distances(same, same, same, rng) == dict.fromkeys(
        ("e_distance", "mmd", "e_distance_of_control", "mmd_of_control"), 0.0
    )
    assert np.isfinite(list(distances(same, same + 1, same, rng).values())).all()


def test_what_cannot_be_compared_is_refused(cells, rng):
    measured, predicted, control = cells
    with pytest.raises(LacunaError, match=r"predicted cells of shape \(1, 5\).*at least 2"):
        distances(measured, predicted[:1], control, rng)
    with pytest.raises(LacunaError, match=r"untreated cells of shape \(11, 4\).*the 5 genes"):
        distances(measured, predicted, control[:, :4], rng)
    predicted[3, 1] = np.nan
    with pytest.raises(LacunaError, match=r"row 3 of the predicted cells.*not finite"):
        distances(measured, predicted, control, rng)
