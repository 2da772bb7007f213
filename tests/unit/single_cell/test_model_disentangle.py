"""A classifier finds what latent states tell, and nothing where they tell nothing."""

import numpy as np
import pytest

from lacuna.errors import LacunaError
from lacuna.single_cell.model.disentangle import COLUMNS, disentanglement

RNG = np.random.default_rng(0)


def told(latent, seed=0, epochs=60, kind="cells", **labels):
    found = disentanglement(latent, labels, np.random.default_rng(seed), kind, epochs=epochs)
    assert list(found) == COLUMNS
    return found.set_index(["of", "way"])


def test_what_is_planted_is_found_in_both_ways():
    line = RNG.integers(3, size=300)
    latent = RNG.normal(size=(300, 6))
    latent[:, 2] += 4 * line
    latent[:, 3] *= 1e-4  # standardised, so that scale does not matter
    latent[:, 3] += 1e-3 * (line == 1)
    found = told(latent, line=line)
    assert (found["accuracy"] > 0.95).all()
    assert not found["passes"].any()


def test_noise_learnt_by_heart_fails_as_published_and_passes_when_held_out():
    drug = RNG.integers(30, size=150)
    found = told(RNG.normal(size=(150, 16)), epochs=200, drug=drug)
    assert found.loc[("drug", "published"), "accuracy"] > 0.5
    held_out = found.loc[("drug", "held_out")]
    assert held_out["accuracy"] < 0.15
    assert not found.loc[("drug", "published"), "passes"]


def test_thresholds_are_the_papers_where_its_classes_are_as_frequent():
    """sci-Plex: 7 % where the most frequent drug has 3 %, 70 % where the line has 51 %."""
    drug = np.repeat(np.arange(100), 2)
    drug[:6] = 0
    line = np.where(np.arange(200) < 102, 0, 1 + np.arange(200) % 2)
    found = told(np.zeros((200, 3)), epochs=1, drug=drug, line=line)
    published = found.xs("published", level="way")
    assert published.loc["drug", "most_frequent"] == pytest.approx(0.03)
    assert published.loc["drug", "threshold"] == pytest.approx(0.07)
    assert published.loc["line", "most_frequent"] == pytest.approx(0.51)
    assert published.loc["line", "threshold"] == pytest.approx(0.70)
    bulk = told(np.zeros((200, 3)), epochs=1, kind="bulk", drug=np.repeat(np.arange(100), 2))
    assert bulk.loc[("drug", "published"), "threshold"] == pytest.approx(0.20)


def test_states_that_are_all_one_are_as_good_as_the_most_frequent_class():
    line = np.where(np.arange(400) % 10 < 7, "A", "B")
    found = told(np.ones((400, 4)), line=line)
    published = found.loc[("line", "published")]
    assert published["accuracy"] == published["most_frequent"] == 0.7
    assert found["passes"].all()


def test_held_out_cells_are_others_and_the_result_is_repeated():
    drug = RNG.integers(5, size=100)
    latent = RNG.normal(size=(100, 4))
    one, two = (told(latent, seed=3, drug=drug) for _ in range(2))
    assert one.equals(two)
    scored = one["most_frequent"]
    assert scored[("drug", "published")] == np.bincount(drug).max() / 100
    assert (scored[("drug", "held_out")] * 50).round(6) % 1 == 0


def test_too_few_cells_and_states_that_are_no_numbers_are_refused():
    with pytest.raises(LacunaError, match="on 3 cells, expected at least 8"):
        told(np.zeros((3, 2)), drug=np.zeros(3))
    with pytest.raises(LacunaError, match="finite"):
        told(np.full((9, 2), np.nan), drug=np.zeros(9))
