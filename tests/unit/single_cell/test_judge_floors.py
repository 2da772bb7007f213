"""Plain methods on real signatures, from files to scores: the floors of a network."""

import pandas as pd
import pytest
from single_cell_floors import FILES, judge_signatures

from lacuna.io.tsv import read_table
from lacuna.single_cell.card import method_card

METHODS = ("line_mean", "nearest_structure", "ridge_fingerprint", "random_drug")


@pytest.mark.parametrize(
    ("name", "number", "floors"),
    [("tahoe", (71, 24), (0.572, 0.371, 0.570)), ("op3", (113, 4), (0.306, 0.168, 0.298))],
)
def test_the_floors_of_real_signatures(shared_data, tmp_path, name, number, floors):
    paths = {kind: shared_data / path for kind, path in FILES[name].items()}
    scores, _, drugs = judge_signatures(paths, tmp_path, METHODS, ["drugs_0", "drugs_3"])
    scores = pd.concat(map(read_table, scores))
    assert (len(read_table(drugs)), scores["line"].nunique()) == number
    mean = scores[scores["genes"] == "all"].groupby(["method", "metric"])["value"].mean()
    print(mean.round(3).to_string())
    # Two folds of five, for time: these numbers are of all, as bench/single_cell_floors.py prints.
    for method, floor in zip(METHODS, floors, strict=False):
        assert mean[method, "pearson"] == pytest.approx(floor, abs=0.05), method
    assert mean["line_mean", "specific_pearson"] == 0
    assert 0.03 < mean["ridge_fingerprint", "specific_pearson"] < 0.12
    assert method_card("ridge_fingerprint").encoder == "morgan"
    assert mean["random_drug", "pearson"] < mean["line_mean", "pearson"] - 0.1
    # What knows nothing of the drug finds it as chance does.
    chance = mean["chance", "reciprocal_rank"]
    assert mean["line_mean", "reciprocal_rank"] == pytest.approx(chance, abs=1e-5)
    assert mean["ridge_fingerprint", "reciprocal_rank"] > 1.05 * chance
