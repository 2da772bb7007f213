"""What correlation to expect of a prediction: learnt from held-out profiles, judged on others."""

import h5py
import numpy as np
import pandas as pd
import pytest
from toy import GENES, clustered

from lacuna.completion.interface import Completion
from lacuna.completion.tiers import TIERS, tier_of
from lacuna.errors import DamagedFile, LacunaError
from lacuna.evaluation.expected_r import (
    FEATURES,
    JUDGED,
    Curve,
    ExpectedR,
    describe,
    describe_held_out,
    expect_of_others,
    judge,
    judge_splits,
)
from lacuna.evaluation.splits import NEVER_HELD_OUT
from lacuna.vectors import unit_rows


def planted(profiles=2000, drugs=100, spread=0.1, seed=0):
    """Predictions whose correlation is a curve of their length, and falls with the stated error."""
    rng = np.random.default_rng(seed)
    norm, stderr = rng.uniform(0.1, 0.9, profiles), rng.uniform(0.02, 0.04, profiles)
    expected = norm**2 * 1.1 - 10 * (stderr - 0.03)
    drug = rng.integers(drugs, size=profiles)
    own = rng.normal(0, spread / 2, drugs)[drug]
    observed = np.clip(expected + own + rng.normal(0, spread, profiles), -1, 1)
    about = {"stderr": stderr, "norm": norm, "cells": rng.integers(1, 20, profiles)}
    about |= {"drugs": rng.integers(1, 90, profiles), "fallback": 0.0}
    return pd.DataFrame({**about, "drug": drug, "observed": observed}), expected


def test_tiers_keep_their_promise_on_drugs_that_taught_nothing():
    profiles, _ = planted()
    table = judge(profiles, np.random.default_rng(1))
    assert list(table) == JUDGED
    assert table["profiles"].sum() == len(profiles)
    large = table[table["profiles"] >= 50]
    assert len(large) >= 4
    assert (large["expected"] - large["observed"]).abs().max() < 0.05
    assert table["tier"].tolist() == [
        tier.name for tier in TIERS if tier.name in set(table["tier"])
    ]
    lowest = {tier.name: tier.at_least for tier in TIERS}
    assert (table["expected"] >= table["tier"].map(lowest)).all()


def test_what_is_expected_follows_the_planted_truth():
    profiles, expected = planted()
    learnt = Curve.fit(profiles)
    inner = (expected > 0.1) & (expected < 0.8)
    assert np.abs(learnt.of(profiles) - expected)[inner].mean() < 0.05
    assert (np.diff(learnt.expected) >= 0).all()
    assert (np.diff(learnt.score) > 0).all()


def test_what_is_expected_never_falls_with_the_score():
    """Where nothing is to be learnt, the means of parts go up and down."""
    profiles, _ = planted(profiles=800)
    noise = np.random.default_rng(5).normal(0, 0.3, len(profiles))
    learnt = Curve.fit(profiles.assign(observed=noise))
    assert len(learnt.expected) == 20
    assert (np.diff(learnt.expected) >= 0).all()
    assert learnt.of(profiles).mean() == pytest.approx(noise.mean(), abs=0.01)


def test_a_drug_teaches_nothing_of_itself():
    profiles, _ = planted(profiles=600, drugs=30)
    before = expect_of_others(profiles)
    own = profiles["drug"] == 7
    changed = profiles.assign(observed=profiles["observed"].where(~own, -1.0))
    after = expect_of_others(changed)
    assert np.array_equal(before[own], after[own])
    assert not np.array_equal(before[~own], after[~own])


def test_the_table_holds_means_of_what_other_drugs_expect():
    profiles, _ = planted(profiles=500, drugs=40, seed=3)
    expected = expect_of_others(profiles)
    tiers = tier_of(expected)
    for row in judge(profiles, np.random.default_rng(0)).itertuples():
        of_tier = tiers == row.tier
        assert row.profiles == of_tier.sum()
        assert row.expected == pytest.approx(expected[of_tier].mean())
        assert row.observed == pytest.approx(profiles["observed"][of_tier].mean())
        few = profiles["drug"][of_tier].nunique() < 5
        assert np.isnan(row.low) == few
        assert few or row.low <= row.observed <= row.high


def test_each_split_is_judged_by_itself():
    one, _ = planted(profiles=500, drugs=40)
    other, _ = planted(profiles=400, drugs=40, seed=1)
    found = judge_splits({"profiles": one, "cells": other}, lambda _: np.random.default_rng(2))
    for split, profiles in (("profiles", one), ("cells", other)):
        expected = judge(profiles, np.random.default_rng(2))
        of_split = found[found["split"] == split].drop(columns="split").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_split, expected)


def test_too_few_drugs_teach_nothing():
    profiles, _ = planted(profiles=100, drugs=4)
    assert Curve.fit(profiles) is None
    assert judge(profiles, np.random.default_rng(0)).empty
    learnt = ExpectedR.fit({"profiles": profiles})
    assert np.isnan(learnt.of(profiles)).all()
    assert "not known, as fewer than 5 drugs" in str(learnt)
    judged = judge_splits({"profiles": profiles}, lambda _: np.random.default_rng(0))
    assert list(judged) == ["split", *JUDGED]
    assert judged.empty


def test_few_profiles_are_expected_to_be_as_all_of_them_are():
    profiles, _ = planted(profiles=30, drugs=10)
    assert Curve.fit(profiles).of(profiles) == pytest.approx(profiles["observed"].mean())


def test_a_method_that_states_no_errors_has_an_expectation_too():
    profiles, expected = planted()
    silent = profiles.assign(stderr=np.nan)
    found = Curve.fit(silent).of(silent)
    assert np.corrcoef(found, expected)[0, 1] > 0.9


def test_what_is_known_of_a_prediction_is_what_the_method_saw():
    tensor = clustered(drugs=9, cells=4)
    rng = np.random.default_rng(0)
    fold = rng.permutation(np.arange(len(tensor)) % 3)
    fold[5] = NEVER_HELD_OUT
    completions, order = [], []
    for number in range(3):
        held_out = np.flatnonzero(fold == number)
        order += held_out.tolist()
        profiles = rng.normal(size=(len(held_out), GENES)).astype(np.float32)
        errors = rng.uniform(1, 2, (len(held_out), GENES)).astype(np.float32)
        completions.append(Completion(profiles, held_out % 2 == 0, errors))
    found = describe_held_out(tensor, fold, completions)
    assert set(found) == {"drug", "observed", *FEATURES}
    predicted = np.concatenate([part.profiles for part in completions])
    errors = np.concatenate([part.stderr for part in completions])
    for row, place in enumerate(order):
        trained = fold != fold[place]
        assert found["drug"][row] == tensor.drug[place]
        assert found["cells"][row] == (trained & (tensor.drug == tensor.drug[place])).sum()
        assert found["drugs"][row] == (trained & (tensor.cell == tensor.cell[place])).sum()
        assert found["norm"][row] == pytest.approx(np.linalg.norm(predicted[row]))
        assert found["stderr"][row] == pytest.approx(errors[row].mean())
        assert found["fallback"][row] == (place % 2 == 0)
        expected = np.corrcoef(tensor.profiles[place], predicted[row])[0, 1]
        assert found["observed"][row] == pytest.approx(expected)


def test_gaps_are_described_by_the_whole_tensor():
    tensor = clustered(drugs=30, cells=5)
    profiles, _ = planted()
    learnt = ExpectedR.fit({"profiles": profiles})
    gaps = tensor.missing_pairs
    completion = Completion(
        unit_rows(np.ones((len(gaps), GENES))).astype(np.float32) / 2,
        stderr=np.full(len(gaps), 0.03, np.float32),
    )
    found = learnt.of_gaps(tensor)(completion, gaps)
    assert np.array_equal(found, learnt.of(describe(completion, gaps, tensor)))
    expected = 0.25 * 1.1
    assert found == pytest.approx(expected, abs=0.05)


def test_new_drugs_are_told_by_their_own_split():
    profiles, _ = planted()
    worse = profiles.assign(observed=profiles["observed"] / 2)
    learnt = ExpectedR.fit({"profiles": profiles, "drugs": worse})
    assert np.allclose(learnt.of(profiles, "drugs"), learnt.of(profiles) / 2, atol=0.01)
    assert np.isnan(learnt.of(profiles, "cells")).all()


def test_what_was_learnt_is_read_as_it_was_written(tmp_path):
    profiles, _ = planted()
    learnt = ExpectedR.fit({"profiles": profiles, "cells": profiles[::2]})
    learnt.save(tmp_path / "c.h5")
    read = ExpectedR.load(tmp_path / "c.h5")
    assert list(read.curves) == ["profiles", "cells"]
    for split in read.curves:
        assert np.array_equal(read.of(profiles, split), learnt.of(profiles, split))
    ExpectedR().save(tmp_path / "none.h5")
    assert ExpectedR.load(tmp_path / "none.h5").curves == {}


def test_a_file_that_was_not_learnt_is_refused(tmp_path):
    path = tmp_path / "c.h5"
    with pytest.raises(LacunaError, match="no such file"):
        ExpectedR.load(path)
    ExpectedR.fit({"profiles": planted()[0]}).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile):
        ExpectedR.load(path)
    for column, value in (("scale", 0.0), ("slope", np.nan)):
        path.write_bytes(whole)
        with h5py.File(path, "r+") as file:
            file["weights"][column][0] = value
        with pytest.raises(DamagedFile, match="not finite, or a scale"):
            ExpectedR.load(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        names = file["weights"]["feature"]
        names[:2] = names[:2][::-1]
    with pytest.raises(DamagedFile, match="its features are"):
        ExpectedR.load(path)
