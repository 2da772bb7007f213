"""What every plain method keeps: the same anew, whatever the order, finite, and its options."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold

from lacuna.errors import LacunaError
from lacuna.single_cell import card
from lacuna.single_cell.interface import CONDITION, Seen
from lacuna.single_cell.judge import Truth, scores
from lacuna.single_cell.seen import Known, judged_rows, seen_of

VARIANTS = {
    "additive": [{}],
    "control": [{}, {"cells": "validation"}, {"lines": "pooled"}],
    "kernel": [{}, {"neighbours": 20}],
    "line_mean": [{}],
    "nearest_structure": [{}],
    "other_half": [{}],
    "random_drug": [{}],
    "ridge_descriptors": [{}, {"penalty": 1.0}],
    "ridge_fingerprint": [{}, {"penalty": 1.0}],
}
CONVEX = ("control", "line_mean", "nearest_structure", "random_drug")  # have a variance
BY_STRUCTURE = ("kernel", "nearest_structure", "ridge_descriptors", "ridge_fingerprint")
every = pytest.mark.parametrize(
    ("name", "options"),
    [(name, options) for name, variants in VARIANTS.items() for options in variants],
)
structured = pytest.mark.parametrize("name", BY_STRUCTURE)


@pytest.fixture(scope="module")
def world():
    fold, vectors = planted_fold(np.random.default_rng(3), drugs=30)
    vectors = vectors | {"descriptors": vectors["morgan"] * 2 - 1}
    wanted = fold.conditions[judged_rows(fold)][CONDITION].reset_index(drop=True)
    return fold, seen_of(fold, vectors), wanted


def made(name, seen, wanted, options=None, seed=5):
    options = options or {}
    card.check_method_options(name, options)
    half = (np.ones((len(wanted), seen.mean.shape[1])),) if card.method_card(name).answers else ()
    rng = np.random.default_rng(seed)
    return card.method_module(name).predict(seen, wanted, rng, *half, **options)


def test_all_methods_are_tested_here():
    assert set(VARIANTS) == set(card.available())
    for name in card.available():
        about = card.method_card(name)
        assert about.label
        assert about.summary
        assert about.control == (name in ("control", "other_half", "random_drug"))
        assert about.answers == (name == "other_half")
        assert bool(about.encoder) == (name in BY_STRUCTURE)


@every
def test_a_method_gives_the_same_again_in_the_form_that_is_asked(world, name, options):
    _, seen, wanted = world
    first, again = (made(name, seen, wanted, options) for _ in range(2))
    np.testing.assert_array_equal(first.mean, again.mean)
    assert first.mean.dtype == first.variance.dtype == np.float32
    assert first.mean.shape == first.variance.shape == (len(wanted), seen.mean.shape[1])
    assert np.isfinite(first.mean).all()
    assert first.conditions.equals(wanted)
    assert np.isfinite(first.variance).all() == (name in CONVEX)
    assert np.isnan(first.variance).all() == (name not in CONVEX)


@every
def test_the_order_of_what_is_wanted_changes_nothing(world, name, options):
    _, seen, wanted = world
    order = np.random.default_rng(0).permutation(len(wanted))
    plain, mixed = made(name, seen, wanted, options), made(name, seen, wanted.iloc[order], options)
    np.testing.assert_allclose(mixed.mean, plain.mean[order], rtol=1e-4, atol=1e-4)


@every
def test_a_line_and_a_dose_never_measured_are_predicted_too(world, name, options, capsys):
    _, seen, wanted = world
    new = pd.concat(
        [wanted.assign(line="HeLa"), wanted.assign(dose=3.0), wanted], ignore_index=True
    )
    found = made(name, seen, new, options)
    assert np.isfinite(found.mean).all()
    said = capsys.readouterr().out
    if name not in ("control", "kernel", "other_half"):
        assert f"{len(wanted)} of {len(new)} conditions are predicted from other lines." in said
        assert f"{len(wanted)} of {len(new)} conditions are predicted from another dose." in said


@structured
def test_drugs_without_a_structure_get_the_mean(world, name):
    _, seen, wanted = world
    vectors = {key: table.copy() for key, table in seen.vectors.items()}
    lost = wanted["drug"].iloc[0]
    for table in vectors.values():
        table.loc[lost] = np.nan
    found = made(name, replace(seen, vectors=vectors), wanted)
    rows = (wanted["drug"] == lost).to_numpy()
    mean = made("line_mean", seen, wanted[rows]).mean
    if name == "kernel":  # shrinks the means of lines a little
        off = np.linalg.norm(found.mean[rows] - mean)
        assert off < 0.5 * np.linalg.norm(mean - Known.of(seen).control_of(wanted["line"][rows])[0])
    elif name == "ridge_descriptors":
        # the mean of all descriptors lies in the middle of the training drugs
        np.testing.assert_allclose(found.mean[rows], mean, atol=0.2)
    elif name == "ridge_fingerprint":
        assert np.isfinite(found.mean).all()
    else:
        np.testing.assert_allclose(found.mean[rows], mean, rtol=1e-5)


@structured
def test_vectors_that_are_missing_are_told(world, name):
    _, seen, wanted = world
    with pytest.raises(LacunaError, match=rf"{name}: no vectors by the encoder .*known are none"):
        made(name, replace(seen, vectors={}), wanted)
    lost = {key: table.drop(index=wanted["drug"].iloc[0]) for key, table in seen.vectors.items()}
    with pytest.raises(LacunaError, match=rf"{name}: no structure of 'drug_0' was encoded"):
        made(name, replace(seen, vectors=lost), wanted)


@pytest.mark.parametrize("name", ["nearest_structure", "ridge_fingerprint", "kernel"])
def test_fingerprints_are_0_and_1(world, name):
    _, seen, wanted = world
    with pytest.raises(LacunaError, match=f"{name}: vectors hold other values than 0 and 1"):
        made(name, seen, wanted, {"encoder": "descriptors"})


@every
def test_untreated_cells_are_not_predicted_and_means_are_finite(world, name, options):
    _, seen, wanted = world
    with pytest.raises(LacunaError, match=f"{name}: .*expected a dose above 0"):
        made(name, seen, wanted.assign(dose=0.0), options)
    mean = seen.mean.copy()
    mean[7, 3] = np.nan
    with pytest.raises(LacunaError, match=f"{name}: the mean of .* is not finite"):
        made(name, replace(seen, mean=mean), wanted, options)


@every
def test_little_and_dull_data_are_enough(world, name, options):
    _, seen, wanted = world
    table = seen.conditions
    for drugs in (1, 2):
        names = table["drug"][~table["control"]].unique()[-drugs:]
        kept = (table["control"] | table["drug"].isin(names)).to_numpy()
        few = Seen(table[kept], seen.mean[kept], seen.variance[kept], seen.vectors)
        assert np.isfinite(made(name, few, wanted, options).mean).all()
    dull = replace(seen, mean=np.ones_like(seen.mean))
    np.testing.assert_allclose(made(name, dull, wanted, options).mean, 1, atol=1e-5)
    same = {key: table * 0 + 1 for key, table in seen.vectors.items()}
    assert np.isfinite(made(name, replace(seen, vectors=same), wanted, options).mean).all()


def test_unknown_methods_and_options_are_told():
    with pytest.raises(LacunaError, match=r"unknown method 'line_means' \(did you mean"):
        card.method_card("line_means")
    with pytest.raises(LacunaError, match=r"options: control: control has no option 'cell'"):
        card.check_method_options("control", {"cell": "all"})
    with pytest.raises(LacunaError, match="cells is 'some', expected one of 'all', 'validation'"):
        card.check_method_options("control", {"cells": "some"})


@pytest.mark.parametrize("linked", [True, False])
def test_structure_tells_where_it_does_and_nothing_where_it_does_not(linked):
    """In a null world, whose drugs have the structures of others, nothing is beyond the mean."""
    found = {name: [] for name in BY_STRUCTURE}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        fold, vectors = planted_fold(rng, drugs=60, held_out=20, noise=0.2, genes=40)
        bits = vectors["morgan"]
        if not linked:
            bits = bits.set_axis(rng.permutation(bits.index), axis=0)
        seen = seen_of(fold, {"morgan": bits, "descriptors": bits})
        truth = Truth.of(fold, seen, "cells")
        for name in BY_STRUCTURE:
            predicted = made(name, seen, truth.conditions)
            table = scores(truth, truth.with_predicted(predicted, name))
            table = table[(table["metric"] == "specific_pearson") & (table["genes"] == "all")]
            found[name] += list(table.groupby("drug")["value"].mean())
    for name, values in found.items():
        mean, error = np.mean(values), np.std(values) / np.sqrt(len(values))
        if linked:
            assert mean > 0.3, name
        else:
            assert abs(mean) < 3.5 * error, name
