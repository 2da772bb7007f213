"""What falls out of the tensor is named, with step and numbers, and adds up with the steps."""

import numpy as np
import pandas as pd
import pytest
from rows import OPEN, named, random_signatures, signatures
from wells import join, plate

from lacuna.errors import LacunaError
from lacuna.io.tsv import read_table, write_table
from lacuna.signatures.left_out import drugs_left_out
from lacuna.tensor.filters import DROPPED, add_left_out, filter_experiments

COUNTS = {"experiment": "profiles", "drug": "drugs", "cell": "cells"}
STRICT = {"max_p_value": 0.1, "min_cells_per_drug": 3, "min_drugs_per_cell": 4}


@pytest.mark.parametrize("merge", ["name", "inchikey", "best_id", "none"])
@pytest.mark.parametrize("unreplicated", ["keep", "drop"])
@pytest.mark.parametrize("seed", range(5))
def test_rows_of_each_step_add_up_to_what_the_step_took(seed, unreplicated, merge):
    rng = np.random.default_rng(seed)
    table = random_signatures(seed).table
    keys = [f"{letter * 14}-UHFFFAOYSA-N" for letter in "AABCCCD"]
    table["inchi_key"] = table["drug"].map(
        dict(zip(table["drug"].unique(), rng.choice([*keys, *["restricted"] * 9], 20), strict=True))
    )
    table["cc_q75"] = rng.choice([0.1, 0.3, np.nan], len(table), p=[0.1, 0.7, 0.2])
    filters = OPEN | STRICT | {"unreplicated": unreplicated, "min_cc_q75": 0.2, "merge": merge}
    found = filter_experiments(table, **filters)
    assert list(found.dropped) == DROPPED
    counted = found.dropped.groupby(["step", "what"]).size()
    for step in found.steps.iloc[:-1].to_dict("records"):  # the last one averages
        for what, count in COUNTS.items():
            took = step[f"{count}_before"] - step[count]
            assert counted.get((step["step"], what), 0) == took
    of_drugs = found.dropped[found.dropped["what"] == "drug"]
    assert of_drugs["drug"].is_unique
    # Every drug, cell and experiment is left, or is named once.
    assert {*of_drugs["drug"], *found.table["drug"]} == {*table["drug"]}
    cells = found.dropped.loc[found.dropped["what"] == "cell", "cell"]
    assert sorted([*cells, *found.table["cell"].unique()]) == sorted(table["cell"].unique())
    experiments = found.dropped[found.dropped["what"] == "experiment"]
    key = ["drug", "cell", "dose", "replicates", "p_value", "acd"]
    left = found.table.assign(drug=found.table["id"])
    both = pd.concat([experiments[key], left[key].astype({"replicates": float})])
    ordered = (t.sort_values(key, ignore_index=True) for t in (both, table[key]))
    pd.testing.assert_frame_equal(*ordered, check_dtype=False)


def reasons(made, **filters):
    """Return why each drug or cell fell out, by name."""
    dropped = filter_experiments(made.table, **OPEN | filters).dropped
    gone = dropped[dropped["what"] != "experiment"]
    return dict(zip(gone["drug"] + gone["cell"], gone["why"], strict=True))


def test_a_drug_is_explained_by_the_experiment_that_came_nearest():
    made = signatures(
        [
            {"drug": "kept", "cell": "1", "p_value": 0.1},
            *({"drug": "gone", "cell": "1", "p_value": p, "acd": p} for p in (0.9, 0.123456789)),
            {"drug": "gone", "cell": "2", "p_value": 0.5},
        ]
    )
    found = filter_experiments(made.table, **OPEN | {"max_p_value": 0.1})
    [drug] = found.dropped.query("what == 'drug'").to_dict("records")
    assert drug["why"] == "p-value 0.123457 above 0.1"
    assert (drug["drug"], drug["experiments"], drug["acd"]) == ("gone", 3, 0.123456789)
    assert drug["cell"] == drug["batch"] == "" and np.isnan(drug["dose"])
    [cell] = found.dropped.query("what == 'cell'").to_dict("records")
    assert (cell["cell"], cell["drug"], cell["experiments"]) == ("2", "", 1)
    assert found.dropped.query("what == 'experiment'")["p_value"].tolist() == [
        0.9,
        0.123456789,
        0.5,
    ]


def test_why_there_is_no_p_value_is_said():
    made = signatures(
        [
            {"drug": d, "cell": "1", "p_value": p}
            for d, p in zip("abc", [np.nan, np.nan, 0], strict=True)
        ]
    )
    made.table["no_p_value"] = ["no replicates", "too few other drugs on its plates", ""]
    assert reasons(made, unreplicated="drop") == {
        "a": "no p-value: no replicates",
        "b": "no p-value: too few other drugs on its plates",
    }
    for unreplicated in ("keep", "drop"):
        steps = filter_experiments(made.table, **OPEN | {"unreplicated": unreplicated}).steps
        assert steps["step"][1] == (
            "2 experiments without a p-value (1 no replicates, 1 too few other drugs on its "
            f"plates): {unreplicated}"
        )
    assert reasons(made) == {}


def test_signatures_whose_replicates_are_unlike_are_named():
    made = signatures([{"drug": drug, "cell": "1"} for drug in "abb"])
    made.table["cc_q75"] = [0.2, 0.05, 0.1]
    assert reasons(made, min_cc_q75=0.2) == {"b": "distil_cc_q75 0.1 below 0.2"}


def test_ids_are_explained_by_that_which_stands_for_them():
    made = named(("X", "n", "1"), ("Y", "n", "2"), ("Y", "n", "3"), ("X", "n", "1"))
    assert reasons(made, merge="name") == {"X": "merged into Y"}
    assert reasons(made, merge="best_id") == {
        "X": "Y of the same name is in 2 cells, this id in 1",
        "1": "Y of the same name is in 2 cells, this id in 1",
    }
    assert reasons(made, merge="none") == {}
    [row] = filter_experiments(made.table, **OPEN | {"merge": "name"}).dropped.to_dict("records")
    assert (row["what"], row["name"], row["experiments"]) == ("drug", "n", 2)


def test_an_experiment_has_the_id_that_the_series_gave_it():
    made = named(
        *(("X", "n", "1"), ("X", "n", "2"), ("Y", "n", "3")),
        *(("Z", "z", "1"), ("Z", "z", "2")),
    )
    dropped = filter_experiments(
        made.table, **OPEN | {"merge": "name", "min_drugs_per_cell": 2}
    ).dropped
    assert dropped.query("what == 'experiment'")["drug"].tolist() == ["Y"]
    assert dropped.query("what == 'drug'")["drug"].tolist() == ["Y"]


def test_counts_are_those_of_the_round_in_which_it_fell_out():
    pairs = ["a 1", "a 2", "b 1", "b 2", "c 2", "c 3", "d 3"]
    made = signatures([dict(zip(("drug", "cell"), pair.split(), strict=True)) for pair in pairs])
    assert reasons(made, min_cells_per_drug=2, min_drugs_per_cell=2) == {
        "d": "cells left of the drug: 1, fewer than 2",
        "3": "drugs left in the cell: 1, fewer than 2",
        "c": "cells left of the drug: 1, fewer than 2",
    }


def test_a_step_that_leaves_nothing_says_so_and_nothing_falls_out_of_an_open_one():
    made = named(("X", "n", "1"))
    assert filter_experiments(made.table, **OPEN).dropped.empty
    with pytest.raises(LacunaError, match="leaves no profile"):
        filter_experiments(made.table, **OPEN | {"min_cells_per_drug": 2})


def test_drugs_without_a_signature_are_named_with_what_became_of_their_wells(tmp_path):
    wells = join(
        plate("A_X1", ["a", "b", "u"]),
        plate("B_X1", ["b", "c"], vehicles=1),
        plate("C_X1", ["c"], vehicles=0),
        plate("D_X1", ["k"]).assign(kind="trt_sh"),
    )
    wells["unknown_dose"] = np.where(wells["drug"].eq("u"), "10 spoons", None)
    found = drugs_left_out(wells)
    few = "left out: plate with fewer than 2 vehicle wells"
    assert found.to_numpy().tolist() == [
        ["c", "name of c", "trt_cp", f"2 wells {few}"],
        ["u", "name of u", "trt_cp", "1 wells left out: dose in an unknown unit"],
    ]
    assert drugs_left_out(wells[wells["plate"].eq("A_X1") & wells["drug"].ne("u")]).empty
    # A drug that another series has a signature of did not fall out.
    made = named(("b", "n", "1"), ("u", "n", "1"))
    dropped = filter_experiments(made.table, **OPEN).dropped
    for others in ([found], [found, found.iloc[:0]]):
        both = add_left_out(dropped, others, made.table)
        write_table(both, tmp_path / "dropped.tsv")
        read = read_table(tmp_path / "dropped.tsv")
        assert read[["step", "what", "drug", "experiments"]].to_numpy().tolist() == [
            ["wells", "drug", "c", 0],
            ["one id per drug name", "drug", "u", 1],
            ["one id per drug name", "experiment", "u", 1],
        ]
