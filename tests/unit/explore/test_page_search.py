"""Profiles in short are close to what they are of, and say how close."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from paged import paged_index

from lacuna.explore import page_search
from lacuna.explore.page_search import (
    LACKS_AT_MOST,
    NUMBERS_OF_COMPONENTS,
    STEP,
    choose_number,
    principal_directions,
    shorten,
)


def back(short):
    """The profiles that are kept in short, (genes, profiles)."""
    profiles = np.zeros((len(short.basis), len(short.is_whole)))
    profiles[:, ~short.is_whole] = short.basis.astype(float) @ (short.components * STEP)
    profiles[:, short.is_whole] = short.genes * short.scale.astype(float)
    return profiles


@pytest.mark.parametrize("at_once", [4096, 37])
def test_profiles_in_short_are_those_at_length(at_once, monkeypatch):
    monkeypatch.setattr(page_search, "AT_ONCE", at_once)
    index = paged_index()
    short = shorten(index)
    lacks = index.units - back(short)
    assert short.profile_error == pytest.approx(np.linalg.norm(lacks, axis=0), abs=1e-6)
    assert short.gene_error == pytest.approx(np.abs(lacks).max(axis=1), abs=1e-6)
    cosine = (index.units * back(short)).sum(axis=0)[:-1]
    cosine /= np.linalg.norm(back(short), axis=0)[:-1]
    assert cosine.min() > 0.9995
    assert not back(short)[:, -1].any()  # which has no length


def test_predictions_are_kept_as_components_and_measured_profiles_gene_by_gene():
    index = paged_index()
    short = shorten(index)
    measured = (index.profiles["source"] == "measured").to_numpy()
    assert (short.is_whole == measured).all()
    assert short.components.shape == (16, (~measured).sum())
    # Six directions leave nothing out, so that only the rounding of 16 components is lacking.
    assert short.profile_error[~measured].max() < np.sqrt(16) * STEP / 2


def test_profiles_without_common_directions_are_all_kept_gene_by_gene():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(90, 60))
    units = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T.astype(np.float32)
    sources = pd.DataFrame({"source": ["measured", "predicted"] * 45})
    short = shorten(SimpleNamespace(units=units, profiles=sources))
    assert short.is_whole.all()
    assert short.basis.shape == (60, 0)
    assert np.abs(units - back(short)).max() <= np.abs(units).max() / 254 + 1e-7


def test_directions_are_the_principal_ones():
    index = paged_index(drugs=20, genes=50)
    directions = principal_directions(index, 5)
    predicted = index.units[:, index.profiles["source"] == "predicted"].astype(float)
    left, _, _ = np.linalg.svd(predicted, full_matrices=False)
    assert np.abs((directions * left[:, :5]).sum(axis=0)) == pytest.approx(np.ones(5), abs=1e-4)
    assert (directions.max(axis=0) >= -directions.min(axis=0)).all()


def test_the_number_of_components_is_that_of_the_fewest_bytes():
    rng = np.random.default_rng(2)
    lacking = np.sort(rng.random((500, 300)) ** 8, axis=1)[:, ::-1] * 1e-3
    genes = 400
    sizes = {0: 500 * genes}
    for count in NUMBERS_OF_COMPONENTS[1:]:
        short = int((lacking[:, count - 1] <= LACKS_AT_MOST**2).sum())
        sizes[count] = 2 * count * short + genes * (500 - short) + 4 * genes * count
    assert choose_number(lacking, genes) == min(sizes, key=lambda count: sizes[count])
