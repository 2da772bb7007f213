"""How well predictions keep the cell specificity of drugs."""

import numpy as np
import pandas as pd
import pytest
from predicted import noisy_predictions, unit
from scipy.stats import pearsonr
from toy import clustered

from lacuna.evaluation.specificity import score_specificity, specificity_kept
from lacuna.tensor.specificity import cell_specificity


def test_specificity_is_scored_over_the_held_out_cells_at_unit_length():
    held, tensor = noisy_predictions(), clustered()
    found = score_specificity(held, tensor)
    assert list(found) == ["drug", "cells", "measured", "predicted"]
    for column, rows in (("measured", held.truth), ("predicted", unit(held.predicted))):
        expected = cell_specificity(rows, held.drug)
        assert found[column].to_numpy() == pytest.approx(expected["specificity"], abs=1e-6)
        assert found["drug"].tolist() == tensor.drugs[expected["drug"]].tolist()
        assert found["cells"].tolist() == expected["cells"].tolist()


def test_preserved_specificity_equals_its_definition():
    rng = np.random.default_rng(4)
    measured = rng.uniform(0.2, 1, 80)
    table = pd.DataFrame({"drug": [f"d{i}" for i in range(80)], "measured": measured})
    good = 0.5 * measured + 0.02 * rng.normal(size=80)
    both = [table.assign(method="truth", predicted=measured)]
    both += [table.assign(method="good", predicted=good)]
    both += [table.assign(method="alike", predicted=0.0)]
    found = specificity_kept(pd.concat(both), rng)
    assert list(found) == ["method", "drugs", "metric", "value", "low", "high"]
    assert found["method"].unique().tolist() == ["truth", "good", "alike"]
    scores = found.set_index(["method", "metric"])
    value = scores["value"]
    assert value["truth"].to_list() == pytest.approx([1, 1])
    assert value["alike"].to_list() == [0, 0]
    slope = np.linalg.lstsq(measured[:, None], good, rcond=None)[0][0]
    assert value["good", "correlation"] == pytest.approx(pearsonr(measured, good)[0])
    assert value["good", "slope"] == pytest.approx(slope)
    # The textbook interval of a regression through the origin (HC0 errors).
    spread = np.sqrt(((good - slope * measured) ** 2 * measured**2).sum()) / (measured**2).sum()
    low, high = scores.loc[("good", "slope"), ["low", "high"]]
    assert [low, high] == pytest.approx([slope - 1.96 * spread, slope + 1.96 * spread], abs=0.002)
    assert (scores["drugs"] == 80).all()


def test_draws_are_the_same_for_each_method():
    table = pd.DataFrame({"drug": list("abcdefgh"), "measured": np.linspace(0.1, 0.9, 8)})
    table["predicted"] = table["measured"] ** 2
    twice = pd.concat([table.assign(method=method) for method in ("a", "b")])
    found = specificity_kept(twice, np.random.default_rng(0)).set_index("method")
    first, second = (found.loc[method, ["low", "high"]].to_numpy() for method in ("a", "b"))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("drugs", [4, 5])
def test_fewer_than_five_drugs_have_no_interval(drugs):
    measured = np.linspace(0.1, 0.9, drugs)
    table = pd.DataFrame({"method": "m", "drug": range(drugs), "measured": measured})
    found = specificity_kept(table.assign(predicted=measured**2), np.random.default_rng(0))
    assert found["value"].notna().all()
    assert found[["low", "high"]].isna().all(axis=None) == (drugs == 4)
