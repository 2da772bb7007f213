"""Latent states of held-out drugs: maps and agreement between cells."""

import numpy as np
import pandas as pd
import pytest
from networks import untrained
from sklearn.metrics import silhouette_score
from toy import clustered, grid

from lacuna.cell_to_cell import latent_states
from lacuna.cell_to_cell.latent_states import (
    correlate,
    correlation_table,
    measure_agreement,
    state_table,
)


@pytest.fixture
def test():
    return clustered(drugs=20, cells=3, missing=0.3)


def spaces_of(test):
    rng = np.random.default_rng(1)
    return {"input": test.profiles, "latent": test.profiles @ rng.normal(size=(40, 6))}


def agreement_of(test, spaces):
    table = measure_agreement(test, spaces, np.random.default_rng(0))
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    return table.set_index(["space", "measure"])["value"]


def test_states_are_what_the_encoder_makes_when_nothing_is_dropped(test):
    model = untrained(cells=3)
    model.network.train()
    states = model.encode(test.profiles)
    assert states.shape == (len(test), 8)
    assert np.array_equal(states, model.encode(test.profiles))
    assert np.allclose(states[3:4], model.encode(test.profiles[3:4]), atol=1e-6)


def test_agreement_is_as_defined(test):
    spaces = spaces_of(test)
    found = agreement_of(test, spaces)
    for space, rows in spaces.items():
        r = np.corrcoef(rows)
        same, different, share = [], [], {}
        for i in range(len(test)):
            for j in range(len(test)):
                if test.cell[i] == test.cell[j]:
                    continue
                (same if test.drug[i] == test.drug[j] else different).append(r[i, j])
                if test.drug[i] == test.drug[j]:
                    there = (test.cell == test.cell[j]) & (test.drug != test.drug[i])
                    share[i, j] = np.mean(r[i, there] < r[i, j])
        assert found[space, "same_drug"] == pytest.approx(np.mean(same))
        assert found[space, "different_drugs"] == pytest.approx(np.mean(different))
        assert found[space, "difference"] == pytest.approx(np.mean(same) - np.mean(different))
        assert found[space, "retrieval"] == pytest.approx(np.mean(list(share.values())))
        expected = silhouette_score(rows, test.cell, metric="correlation")
        assert found[space, "silhouette"] == pytest.approx(expected)


def test_what_is_planted_is_found():
    rng = np.random.default_rng(0)
    of_drug, of_cell = rng.normal(size=(30, 1, 40)), rng.normal(size=(1, 2, 40))
    noise, everywhere = 0.2 * rng.normal(size=(30, 2, 40)), np.ones((30, 2), bool)
    by_drug, by_cell = grid(of_drug + noise, everywhere), grid(of_cell + noise, everywhere)
    found = agreement_of(by_drug, {"drug": by_drug.profiles, "cell": by_cell.profiles})
    assert found["drug", "same_drug"] > 0.9
    assert abs(found["drug", "different_drugs"]) < 0.1
    assert found["drug", "retrieval"] == 1
    assert found["drug", "silhouette"] < 0.05
    assert found["cell", "silhouette"] > 0.8
    assert abs(found["cell", "difference"]) < 0.05


def test_the_matrix_is_of_the_two_cells_with_most_drugs_in_both(test):
    table = correlation_table(test, spaces_of(test), np.random.default_rng(0))
    shared = {
        (a, b): np.sum(test.measured[:, a] & test.measured[:, b])
        for a, b in [(0, 1), (0, 2), (1, 2)]
    }
    one, other = (int(table[cell].iloc[0][1:]) for cell in ("cell", "other_cell"))
    assert shared[one, other] == max(shared.values())
    assert len(table) == shared[one, other] ** 2
    for row in table.sample(20, random_state=0).itertuples():
        drugs = [int(row.drug[1:]), int(row.other_drug[1:])]
        first, second = test.profiles[test.find(np.column_stack([drugs, [one, other]]))]
        assert row.input == pytest.approx(np.corrcoef(first, second)[0, 1])
    names = table["drug"].unique()
    assert table["other_drug"].tolist() == list(names) * len(names)


def test_no_more_drugs_are_shown_than_can_be_seen(test, monkeypatch):
    monkeypatch.setattr(latent_states, "MOST_SHOWN", 5)
    assert len(correlation_table(test, spaces_of(test), np.random.default_rng(0))) == 25


def test_the_order_of_profiles_changes_no_number(test):
    moved = test.take(np.random.default_rng(3).permutation(len(test)))
    values = [agreement_of(each, {"input": each.profiles}) for each in (test, moved)]
    pd.testing.assert_series_equal(*values)


def test_every_profile_has_its_places_the_same_with_the_same_seed(test):
    pearson = np.linspace(0, 1, len(test))
    first, second = (
        state_table(test, spaces_of(test), pearson, np.random.default_rng(0)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert list(first.columns[3:]) == ["x_input", "y_input", "x_latent", "y_latent"]
    assert np.isfinite(first[first.columns[2:]]).all(axis=None)


def test_a_single_drug_has_no_other_to_be_told_from():
    test = grid(np.random.default_rng(0).normal(size=(1, 2, 40)), np.ones((1, 2), bool))
    spaces, rng = {"input": test.profiles}, np.random.default_rng(0)
    table = measure_agreement(test, spaces, rng).set_index("measure")["value"]
    expected = np.corrcoef(test.profiles)[0, 1]
    assert table["same_drug"] == pytest.approx(expected)
    assert table[["silhouette", "different_drugs", "retrieval"]].isna().all()
    assert correlation_table(test, spaces, rng)["input"].tolist() == [pytest.approx(expected)]
    assert len(state_table(test, spaces, np.zeros(2), rng)) == 2


def test_a_row_that_does_not_vary_correlates_with_nothing():
    rows = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 4.0]])
    assert np.allclose(correlate(rows, rows), [[0, 0], [0, 1]])


def test_of_too_few_drugs_there_is_no_interval():
    for drugs, told in ((4, False), (5, True)):
        dense = np.random.default_rng(0).normal(size=(drugs, 2, 40))
        test = grid(dense, np.ones((drugs, 2), bool))
        table = measure_agreement(test, {"input": test.profiles}, np.random.default_rng(0))
        assert table[["low", "high"]].notna().all(axis=None) == told
