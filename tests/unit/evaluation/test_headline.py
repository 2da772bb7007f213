"""The first sentences on a run's predictions say what its tables hold, and no more."""

import numpy as np
import pandas as pd
import pytest
from judged_run import R, leads, plan_of, scores, write_run

from lacuna.evaluation.headline import answers, key_tables
from lacuna.evaluation.method_tables import CONTROLS, METHODS, SIMPLE
from lacuna.io.tsv import write_table

TIERS = pd.DataFrame(
    {
        "split": ["profiles", "profiles", "drugs"],
        "tier": ["excellent", "weak", "weak"],
        "profiles": [50, 60, 70],
        "expected": [0.93, 0.41, 0.35],
        "observed": [0.92, 0.43, 0.1],
        "low": 0.0,
        "high": 1.0,
    }
)


def told(folder, *changes):
    return dict(answers(folder, plan_of(*changes).config))


def test_the_product_is_told_of_with_interval_ceiling_and_lead(tmp_path):
    said = told(write_run(tmp_path))
    assert list(said) == ["How good", "New drugs", "New cells", "What to trust"]
    assert said["How good"] == (
        "Blend predicts profiles held out with r = 0.68 [0.65, 0.71] on average (correlation over "
        "genes with what was measured; in brackets 95 % intervals over drugs). That is 91 % [90, "
        "92] of the noise ceiling, which replicates set. It leads the best simple method, the mean "
        "of all plus effects of drug and cell (Additive), which has 0.46, by 0.220 [0.190, 0.250]."
    )


def test_of_new_drugs_and_cells_it_is_said_where_a_mean_is_as_good_or_better(tmp_path):
    said = told(write_run(tmp_path))
    assert (
        "It is no better than the cell's mean (1D-Mean), which has 0.42: the difference is 0.020 "
        "[-0.010, 0.050]." in said["New drugs"]
    )
    assert "of a drug never measured with r = 0.44 [0.41, 0.47]" in said["New drugs"]
    assert (
        "It is worse than the mean of all plus the drug's effect (Additive), which has 0.35: the "
        "difference is -0.050 [-0.080, -0.020]." in said["New cells"]
    )
    assert "leads" not in said["New drugs"] + said["New cells"]
    assert "ceiling" not in said["New drugs"]


def test_what_was_not_held_out_is_not_known(tmp_path):
    alone = {"profiles": R["profiles"]}
    write_run(tmp_path, scores(alone), leads(alone))
    said = told(tmp_path)
    assert said["New drugs"].startswith("Not known: this run does not hold out whole drugs")
    assert said["New cells"].startswith("Not known: this run does not hold out whole cells")
    assert "ceiling" not in said["How good"]


def test_the_best_method_stands_for_a_product_that_was_not_judged(tmp_path):
    without = {split: {k: v for k, v in of.items() if k != "blend"} for split, of in R.items()}
    write_run(tmp_path, scores(without), leads(without))
    said = told(tmp_path)["How good"]
    assert said.startswith("The tensor is completed by Blend, which was not cross-validated; ")
    assert "Kernel predicts profiles held out with r = 0.67" in said
    none = {"completion": {"completed": []}}
    assert told(write_run(tmp_path), none)["How good"].startswith(
        "No tensor is completed; Blend is the best method here."
    )


def test_controls_are_never_the_best_method(tmp_path):
    none = {"completion": {"completed": []}}
    assert "truth" not in told(write_run(tmp_path), none)["How good"]


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        (["blend"], "No simple method was compared with it here."),
        (["mean_1d", "blend"], "It leads the best simple method, the drug's mean (1D-Mean)"),
    ],
)
def test_the_lead_is_over_what_was_compared(methods, said, tmp_path):
    few = {split: {k: v for k, v in of.items() if k in methods} for split, of in R.items()}
    write_run(tmp_path, scores(few), leads(few))
    config = {"completion": {"methods": methods, "controls": []}}
    assert said in told(tmp_path, config)["How good"]


def test_a_simple_product_leads_nothing(tmp_path):
    config = {"completion": {"methods": ["mean_1d"], "completed": ["mean_1d"], "controls": []}}
    few = {split: {"mean_1d": of["mean_1d"]} for split, of in R.items()}
    write_run(tmp_path, scores(few), leads(few))
    assert "It is itself the best simple method" in told(tmp_path, config)["How good"]
    write_run(tmp_path)
    config = {"completion": {"completed": ["additive"]}}
    said = told(tmp_path, config)["How good"]
    assert "It is itself the best of the simple methods: the mean of all plus" in said


def test_too_few_drugs_give_no_verdict(tmp_path):
    nothing = {"low": np.nan, "high": np.nan}
    write_run(tmp_path, scores(R).assign(**nothing), leads(R).assign(**nothing))
    said = told(tmp_path)
    assert "r = 0.68 on average" in said["How good"]
    for answer in ("How good", "New drugs", "New cells"):
        assert "too few drugs to say whether the difference" in said[answer]
        assert "leads" not in said[answer] and "worse" not in said[answer]
    assert "nan" not in " ".join(said.values()).casefold()


def test_tiers_of_single_profiles_are_told_best_first(tmp_path):
    write_table(TIERS, write_run(tmp_path) / "evaluation/expected_r/blend/tiers.tsv")
    said = told(tmp_path)["What to trust"]
    found = [
        "excellent (50 profiles): 0.93 expected, 0.92 found",
        "weak (60 profiles): 0.41 expected, 0.43 found",
    ]
    assert f"On held-out profiles, {'; '.join(found)}." in said
    assert "0.35" not in said


def test_without_tiers_the_stated_error_is_told_or_that_there_is_none(tmp_path):
    assert "Blend states no error" in told(write_run(tmp_path))["What to trust"]
    calibration = pd.DataFrame({"view": ["error"], "stated": [0.1]})
    write_table(calibration, tmp_path / "evaluation/large/profiles/blend/calibration.tsv")
    assert "states a standard error" in told(tmp_path)["What to trust"]
    write_table(calibration[:0], tmp_path / "evaluation/large/profiles/blend/calibration.tsv")
    assert "Blend states no error" in told(tmp_path)["What to trust"]


def test_a_run_of_the_small_tensor_alone_is_told_too(tmp_path):
    write_run(tmp_path, scores(R, size="small"), leads(R, size="small"))
    assert "by 0.220 [0.190, 0.250]" in told(tmp_path)["How good"]
    both = pd.concat([scores(R, size="small"), scores({"profiles": {"blend": 0.5}})])
    write_run(tmp_path, both, leads(R, size="small"))
    assert "r = 0.50" in told(tmp_path)["How good"]


def test_the_first_table_has_groups_in_order_and_the_best_of_each_column_marked(tmp_path):
    (shown,) = key_tables(write_run(tmp_path), plan_of().config)
    names = shown.table["method"].tolist()
    assert names == [
        *("Blend", "Kernel", "Additive", "1D-Mean", "control: cell mean"),
        *("control: truth", "control: zeros", "control: random"),
    ]
    assert list(shown.groups) == [METHODS] * 2 + [SIMPLE] * 3 + [CONTROLS] * 3
    marked = {column: names[row] for row, column in shown.best}
    assert marked == {
        "r, single profiles": "Blend",
        "r, whole drugs": "Kernel",
        "r, whole cells": "Kernel",
    }
    assert shown.table["r, whole drugs"].tolist()[:2] == ["0.44 [0.41, 0.47]", "0.45 [0.42, 0.48]"]
    assert shown.table["r, whole drugs"].tolist()[4:] == [""] * 4
    assert {term.word for term in shown.terms} >= {"r", "whole drugs"}


def test_a_method_that_is_behind_within_chance_is_not_called_worse(tmp_path):
    behind = {"drugs": R["drugs"] | {"blend": 0.41}}
    write_run(tmp_path, scores(R | behind), leads(R | behind))
    said = told(tmp_path)["New drugs"]
    assert "It is no better than the cell's mean" in said
    assert "the difference is -0.010 [-0.040, 0.020]" in said
