"""Random streams: the same for the same words, independent for others."""

import pytest

from lacuna.runtime.seeds import generator


def draws(*names, seed=1):
    return generator(seed, *names).integers(2**62, size=4).tolist()


def test_the_same_seed_and_words_draw_the_same():
    assert draws("folds", "demo", 3) == draws("folds", "demo", "3")


@pytest.mark.parametrize(
    "other",
    [("folds", "demo", 4), ("demo", "folds", 3), ("folds", "demo"), ("foldsdemo", 3)],
    ids=str,
)
def test_other_words_or_another_order_draw_something_else(other):
    assert not set(draws("folds", "demo", 3)) & set(draws(*other))


def test_another_seed_draws_something_else():
    assert not set(draws("folds", seed=1)) & set(draws("folds", seed=2))
