"""What the scores of settings say: means, paired differences, intervals with seeds in them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from scipy import stats

from lacuna.cell_to_cell.analyses import STUDY_CELLS
from lacuna.cell_to_cell.variations import (
    ALL_TARGETS,
    SUMMARY,
    gather,
    read_scores,
    summarise,
)
from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.io.tsv import write_table

STREAM = partial(np.random.default_rng, 0)
ENDS = [name for name in SUMMARY if name.endswith(("low", "high"))]


def means_of(analysis, scores):
    """The rows over all cells, by setting."""
    table = summarise(analysis, scores, STREAM)
    return table[table["into"] == ALL_TARGETS].set_index("setting")


def test_settings_are_compared_on_the_profiles_that_both_predict():
    scores = made_up({STUDY_CELLS: 0, "c7": -0.3, "c9": 0}, reference=STUDY_CELLS)
    number, setting = scores["drug"].str[1:].astype(int), scores["setting"]
    too_few = setting.eq("c9") & (number >= LEAST_DRUGS - 1)
    scores = scores[~too_few & ~(setting.eq("c7") & (number < 3))]
    table = means_of("unseen_cell", scores)
    assert list(table.index) == [STUDY_CELLS, "c7", "c9"]
    assert (table["reference"] == STUDY_CELLS).all()
    reference = scores[scores["setting"] == STUDY_CELLS].set_index(["drug", "cell"])["pearson"]
    for setting, rows in scores.groupby("setting"):
        row, own = table.loc[setting], rows.set_index(["drug", "cell"])
        same = reference[own.index]
        assert row["profiles"] == len(own)
        assert row["drugs"] == rows["drug"].nunique()
        assert row["value"] == pytest.approx(own["pearson"].mean())
        assert row["copy"] == pytest.approx(own["copy"].mean())
        assert row["gain"] == pytest.approx(row["value"] - row["copy"])
        assert row["reference_value"] == pytest.approx(same.mean())
        assert row["difference"] == pytest.approx(row["value"] - same.mean())
    assert table.loc[STUDY_CELLS, ["difference", "difference_low", "difference_high"]].eq(0).all()
    assert table.loc["c7", "difference_high"] < 0 < table.loc[STUDY_CELLS, "gain_low"]
    assert table.loc["c9", ENDS].isna().all()
    assert table.drop("c9")[ENDS].notna().all(axis=None)


def test_each_cell_that_is_predicted_has_a_row_of_its_own():
    """A setting that costs one direction alone is not said to cost both."""
    scores = made_up({"none": 0, "c0": 0}, drugs=40, reference="none")
    harmed = scores["setting"].eq("c0") & scores["cell"].eq("c0")
    scores.loc[harmed, "pearson"] -= 0.2
    table = summarise("thinned", scores, STREAM).set_index(["setting", "into"])
    assert list(table.index) == [
        (setting, into) for setting in ("none", "c0") for into in (ALL_TARGETS, "c0", "c1")
    ]
    assert table.loc[("c0", "c0"), "given"] == "c1"
    assert table.loc[("c0", "c1"), "given"] == "c0"
    assert table.loc[("c0", ALL_TARGETS), "given"] == ""
    assert table.loc[("c0", "c0"), "difference_high"] < -0.1
    assert abs(table.loc[("c0", "c1"), "difference"]) < 0.1
    of_cell = scores[scores["setting"].eq("c0") & scores["cell"].eq("c0")]
    assert table.loc[("c0", "c0"), "value"] == pytest.approx(of_cell["pearson"].mean())
    one = scores[scores["cell"] == "c0"]
    assert list(summarise("thinned", one, STREAM)["into"]) == [ALL_TARGETS] * 2


def test_the_same_training_has_the_same_interval_in_every_analysis():
    scores = made_up({"none": 0, "c0": -0.2, "c1": -0.3}, reference="none", repeats=3)
    thinned = means_of("thinned", scores).iloc[0]
    sizes = made_up({"8": -0.1}, seed=1, reference="128", repeats=3)
    same = scores[scores["setting"] == "none"].assign(setting="128", reference="128")
    same["copy"] = same["pearson"]
    latent = means_of("latent_size", pd.concat([sizes, same])).iloc[1]
    assert thinned[["value", "low", "high"]].equals(latent[["value", "low", "high"]])
    assert (latent[["copy_low", "copy_high"]].to_numpy() == latent[["low", "high"]]).all()


def test_intervals_are_of_whole_drugs():
    """Two profiles of a drug that are one and the same must not make the interval narrower."""
    scores = made_up({"none": 0}, drugs=40)
    twice = scores.groupby("drug")[["pearson", "copy"]].transform("first")
    scores = scores.assign(**twice)
    once = scores[scores["cell"] == "c0"]
    widths = []
    for rows in (scores, once):
        row = means_of("thinned", rows).iloc[0]
        widths.append(row["high"] - row["low"])
        assert row["low"] < row["value"] < row["high"]
    assert widths[0] == pytest.approx(widths[1])


def test_with_seeds_that_differ_the_interval_covers_the_truth():
    """Of 120 studies whose trainings scatter more than their drugs, about 95 % cover the truth."""
    rng, repeats, studies = np.random.default_rng(1), 3, 120
    covered, differences = [], []
    for _ in range(studies):
        scores = made_up(
            {"full": 0, "without skip": 0}, drugs=12, cells=1, repeats=repeats, reference="full",
            between=0.06, seed=rng.integers(2**32),
        )  # fmt: skip
        table = summarise("regularisation", scores, STREAM).set_index("setting")
        row = table.loc["without skip"]
        covered.append(row["low"] < 0.5 < row["high"])
        differences.append(row["difference_low"] < 0 < row["difference_high"])
    low, high = stats.binom.ppf([0.0005, 0.9995], studies, 0.95) / studies
    assert low <= np.mean(covered) <= high
    assert low <= np.mean(differences) <= high


def test_repeats_are_paired():
    """What two trainings of one number share leaves their difference."""
    scores = made_up({"none": 0, "c0": 0}, drugs=40, repeats=3, reference="none")
    shared = scores["repeat"].map({1: -0.2, 2: 0.0, 3: 0.2})
    scores["pearson"] += shared
    table = means_of("thinned", scores)
    assert table.loc["c0", "high"] - table.loc["c0", "low"] > 0.5
    assert table.loc["c0", "difference_high"] - table.loc["c0", "difference_low"] < 0.2


def test_repeats_that_agree_leave_the_chance_of_the_drugs():
    once = made_up({"none": 0, "c0": -0.1}, drugs=40, reference="none")
    thrice = pd.concat([once.assign(repeat=number) for number in (1, 2, 3)])
    pd.testing.assert_frame_equal(
        means_of("thinned", once).drop(columns="repeats"),
        means_of("thinned", thrice).drop(columns="repeats"),
    )
    assert means_of("thinned", thrice)["repeats"].tolist() == [3, 3]


def test_methods_are_compared_with_the_best_and_families_with_the_copy():
    scores = made_up({"mean_1d": -0.3, "additive": 0.2, "mean_2d": 0})
    table = summarise("methods", scores, STREAM)
    assert (table["reference"] == "additive").all()
    table = means_of("families", made_up({"a": 0, "b": 0.1}))
    of_reference = ["reference", "reference_value", "difference", "difference_low"]
    assert table[of_reference].isna().all(axis=None)
    assert (table["gain_low"] > 0).all()


def test_without_settings_the_tables_are_empty():
    table = summarise("families", gather("families", [], {}), STREAM)
    assert list(table) == SUMMARY
    assert table.empty


def answers(label="", **more):
    table = pd.DataFrame({"drug": ["d0", "d1"], "cell": "c0", "given": "", "inputs": 2})
    return table.assign(
        asked="tests", label=label, pert_type="trt_cp", pearson=0.5, copy=0.1, **more
    )


def test_parts_of_a_setting_are_put_together_and_labels_fill_names(tmp_path):
    for name in ("fold_1_1", "fold_2_1"):
        write_table(answers(), tmp_path / name)
    write_table(answers("007"), tmp_path / "family_1_2")
    scores = read_scores({path.name: str(path) for path in tmp_path.iterdir()})
    assert set(scores) == {("fold_1", 1), ("fold_2", 1), ("family_1", 2)}
    folds = [{"name": "once", "training": f"fold_{number}", "asked": "tests"} for number in (1, 2)]
    found = gather("folds", folds, scores)
    assert found["training"].eq("folds").all() and len(found) == 4
    family = {"name": "{label}", "training": "family_1", "asked": "tests"}
    [setting] = gather("families", [family], scores)["setting"].unique()
    assert setting == "007"
    other = {**family, "asked": "unseen"}
    assert gather("families", [other], scores).empty


def test_the_reference_alone_is_no_setting():
    told = {"name": STUDY_CELLS, "training": "full", "asked": "tests"}
    assert gather("unseen_cell", [told], {("full", 1): answers()}).empty
