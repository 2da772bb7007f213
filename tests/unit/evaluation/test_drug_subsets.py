"""Random subsets of drugs, and their test sets."""

import numpy as np
import pandas as pd
import pytest
from toy import awkward, clustered

from lacuna.evaluation.drug_subsets import accuracy_by_drugs, draw_drugs, hold_out


@pytest.mark.parametrize("seed", range(4))
def test_a_subset_has_all_profiles_of_its_drugs_and_no_empty_cell(seed):
    tensor = awkward()
    drawn = draw_drugs(tensor, 6, np.random.default_rng(seed))
    assert len(drawn.drugs) == 6
    assert [*drawn.drugs] == [drug for drug in tensor.drugs if drug in {*drawn.drugs}]
    assert drawn.measured.any(axis=0).all()
    drugs, cells = list(tensor.drugs), list(tensor.cells)
    for row in range(len(drawn)):
        drug = drugs.index(drawn.drugs[drawn.drug[row]])
        cell = cells.index(drawn.cells[drawn.cell[row]])
        position = tensor.find(np.array([[drug, cell]]))[0]
        assert np.array_equal(tensor.profiles[position], drawn.profiles[row])
    assert len(drawn) == np.isin(tensor.drugs[tensor.drug], drawn.drugs).sum()


def test_every_drug_is_drawn_equally_often():
    tensor = clustered(drugs=12)
    drawn = [draw_drugs(tensor, 4, np.random.default_rng(seed)).drugs for seed in range(600)]
    counts = pd.Series(np.concatenate(drawn)).value_counts()
    assert len(counts) == 12
    assert counts.between(150, 250).all()


def test_a_tenth_is_held_out_and_every_drug_keeps_a_profile():
    tensor = clustered(drugs=40)
    times = np.zeros(len(tensor))
    for seed in range(300):
        is_test = hold_out(tensor, np.random.default_rng(seed))
        assert is_test.sum() == round(len(tensor) / 10)
        assert {*tensor.drug[~is_test]} == {*tensor.drug}
        times += is_test
    single = np.bincount(tensor.drug)[tensor.drug] == 1
    assert (times[single] == 0).all()
    assert (times[~single] > 0).all()


def test_where_each_drug_has_one_profile_nothing_is_held_out():
    tensor = clustered(drugs=5, missing=1)
    assert not hold_out(tensor, np.random.default_rng(0)).any()


def test_scores_are_averaged_over_draws_in_the_methods_order():
    scores = pd.DataFrame({"method": ["b", "b", "a", "a"], "drugs": 9, "pct": [0.1, 0.3, 0.5, 0.5]})
    table = accuracy_by_drugs(scores)
    assert table["method"].tolist() == ["b", "a"]
    assert table["mean"].tolist() == pytest.approx([0.2, 0.5])
    assert table["sd"].tolist() == pytest.approx([np.sqrt(0.02), 0])
    assert table["repeats"].tolist() == [2, 2]
