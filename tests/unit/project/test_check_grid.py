"""What is said of thresholds, splits and folds is what a run then does."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy import awkward, clustered, grid
from wells import join, plate, signatures_of

from lacuna.errors import LacunaError
from lacuna.evaluation.splits import SPLITS, make_folds
from lacuna.project.check_grid import (
    bound,
    describe_bound,
    find_in_ids,
    possible_experiments,
    suggest_filters,
)
from lacuna.project.check_splits import find_in_splits, most_folds
from lacuna.signatures.level5 import known_experiments
from lacuna.signatures.signature_set import (
    EXPERIMENT,
    FEW_DRUGS,
    HAS_P_VALUE,
    NO_POSITIONS,
    NO_REPLICATES,
    SHARED_LINE,
)
from lacuna.tensor.build import build_tensor

ALL = {
    **{"max_p_value": 1, "unreplicated": "keep"},
    **{"min_cells_per_drug": 1, "min_drugs_per_cell": 1, "merge": "name"},
}
PAPER = {
    **{"max_p_value": 0.1, "unreplicated": "drop"},
    **{"min_cells_per_drug": 3, "min_drugs_per_cell": 3, "merge": "name"},
}


def plates_of(number: int, rng: np.random.Generator) -> pd.DataFrame:
    """Random plates of two batches: few drugs, some twice on a plate, some without vehicles."""
    drugs = [f"d{n}" for n in range(number)]
    return join(
        *(
            plate(
                f"{batch}_X{replicate}",
                list(rng.choice(drugs, size=rng.integers(1, 2 * number))),
                vehicles=int(rng.choice([1, 3, 3, 3])),
            )
            for batch in ("P", "Q")
            for replicate in range(1, 4)
        )
    )


@pytest.mark.parametrize("seed", range(12))
def test_p_values_come_where_they_are_said_to_be_possible(seed, tmp_path):
    rng = np.random.default_rng(seed)
    wells = plates_of(int(rng.integers(1, 5)), rng)
    foretold = possible_experiments(wells)
    made = signatures_of(tmp_path, wells, null_draws=2000).table
    both = made.merge(foretold, on=EXPERIMENT, suffixes=("", "_foretold"))
    assert len(both) == len(made) == len(foretold)
    assert both["replicates"].equals(both["replicates_foretold"])
    assert both["no_p_value"].tolist() == both["no_p_value_foretold"].tolist()
    assert both["p_value"].notna().tolist() == both["no_p_value"].eq(HAS_P_VALUE).tolist()
    assert both["p_value"].notna().tolist() == both["p_value_foretold"].notna().tolist()
    assert both["no_p_value"].eq(NO_REPLICATES).tolist() == both["replicates"].eq(1).tolist()


def test_one_drug_in_many_replicates_has_too_few_others():
    def why(*plates):
        return possible_experiments(join(*plates))["no_p_value"].tolist()

    alone = plate("P_X1", ["a"]), plate("P_X2", ["a"])
    assert why(*alone) == [FEW_DRUGS]
    assert why(*alone, plate("P_X3", ["a", "b"])) == [FEW_DRUGS, NO_REPLICATES]
    two = plate("P_X1", ["a", "b"]), plate("P_X2", ["a", "b"])
    assert why(*two) == [HAS_P_VALUE, HAS_P_VALUE]
    row = plate("P_X1", ["a", "a", "b"], places=np.arange(7))
    assert why(row) == [SHARED_LINE, NO_REPLICATES]
    assert why(row.assign(row=0)) == [NO_POSITIONS, NO_REPLICATES]


@pytest.mark.parametrize("filters", [ALL, PAPER, PAPER | {"min_cells_per_drug": 2}])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_has_no_more_than_its_bound(seed, filters, tmp_path):
    rng = np.random.default_rng(seed)
    wells = join(
        *(
            plate(f"{cell}_X{replicate}", sorted(rng.choice(20, 14, replace=False)), cell=cell)
            for cell in ("A", "B", "C", "D")
            for replicate in (1, 2)
        )
    ).astype({"drug": str})
    made = signatures_of(tmp_path, wells)
    found = bound(possible_experiments(wells), filters, made_here=True)
    assert found.exact == (filters is ALL)
    assert found.certain
    try:
        tensor, _ = build_tensor(made, **filters)
    except LacunaError:
        return
    most = found.tensor
    assert len(tensor) <= len(most)
    assert set(tensor.drugs) <= set(most.drugs)
    for split in SPLITS:
        if split != "plates":
            assert most_folds(tensor, split) <= most_folds(most, split)
    if found.exact:
        assert (tensor.drugs == most.drugs).all()
        assert (tensor.pairs == most.pairs).all()
        assert most_folds(tensor, "plates") == most_folds(most, "plates")


def linked(tensor, rng):
    groups = tensor.cell * 3 + rng.integers(0, 3, len(tensor))
    return replace(tensor, reliability=pd.DataFrame({"plates": groups}))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("seed", range(8))
def test_folds_are_possible_just_where_make_folds_finds_them(split, seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 7), rng.integers(1, 5)
    measured = rng.random(shape) < rng.choice([0.3, 0.6, 1.0])
    measured[0, 0] = True
    tensor = linked(grid(rng.normal(size=(*shape, 40)), measured), rng)
    most = most_folds(tensor, split)
    for folds in range(2, 12):
        for draw in range(20):
            try:
                fold = make_folds(tensor, split, folds, np.random.default_rng(draw))
                assert folds <= most
                assert len(set(fold[fold >= 0])) == folds
            except LacunaError:
                assert folds > most


def test_plates_of_which_nothing_is_known_have_no_folds():
    assert most_folds(clustered(), "plates") == 0


def test_each_split_that_cannot_be_made_is_named_with_values_that_would_work():
    tensor = awkward()
    groups = len(np.unique(tensor.drug))
    splits = {
        "profiles": {"sizes": ["large"], "folds": 2},
        "drugs": {"sizes": ["large", "small"], "folds": 50},
        "plates": {"sizes": ["large"], "folds": 2},
    }
    tensors = {"large": tensor, "small": tensor}
    for certain in (True, False):
        found = list(find_in_splits(tensors, splits, exact=certain, certain=certain))
        assert [finding.where for finding in found] == [
            *["evaluation: splits: drugs"] * 2,
            "evaluation: splits: plates",
        ]
        assert f"This would work: drugs: {{folds: {groups}}}" in found[0].what
        assert "in the small tensor" in found[1].what
        assert "plates: {sizes: []}" in found[2].what
        assert [finding.stops for finding in found] == [certain, certain, True]


def experiments(drugs: int, cells: int, replicates: int) -> pd.DataFrame:
    names = [f"drug {number}" for number in range(drugs)]
    return possible_experiments(
        join(
            *(
                plate(f"{cell}_X{replicate}", names, cell=f"cell {cell}")
                for cell in range(cells)
                for replicate in range(replicates)
            )
        )
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((500, 5, 2), PAPER),  # large and replicated: the paper's
        ((500, 5, 1), {**PAPER, "max_p_value": 1, "unreplicated": "keep"}),
        ((20, 5, 2), {**PAPER, "max_p_value": 1, "unreplicated": "keep"}),
        ((20, 2, 1), {**ALL, "min_cells_per_drug": 2, "min_drugs_per_cell": 2}),
        ((20, 1, 2), ALL),
        ((1, 8, 2), ALL),
    ],
)
def test_thresholds_fit_the_size_of_a_screen(size, expected):
    chosen = suggest_filters(experiments(*size), made_here=True)
    assert chosen.thresholds == expected
    assert set(chosen.reasons) == set(expected)


def test_thresholds_leave_gaps_where_there_are_some():
    full = experiments(20, 2, 1)
    some = full[~((full["cell"] == "cell 1") & full["drug"].isin(["drug 3", "drug 4"]))]
    chosen = suggest_filters(some.reset_index(drop=True), made_here=True)
    assert chosen.thresholds["min_cells_per_drug"] == 1
    assert "of fewer than" not in chosen.reasons["max_p_value"]
    assert "below 80% of some cell's: all are kept" in chosen.reasons["max_p_value"]


def test_ids_of_one_name_are_merged_and_the_reason_names_them():
    table = experiments(20, 3, 1)
    twin = table["drug"].eq("drug 7")
    table.loc[twin, "name"] = "NAME OF DRUG 3"
    chosen = suggest_filters(table, made_here=True)
    assert chosen.thresholds["merge"] == "name"
    assert "2 ids share 1 name, as 'drug 3', 'drug 7'" in chosen.reasons["merge"]
    found = bound(table, chosen.thresholds, made_here=True)
    assert len(found.tensor.drugs) == 19
    told = describe_bound(found)
    assert any(line.startswith("ids of one name merged: ") and "19 drugs" in line for line in told)


def test_ids_of_one_inchikey_are_merged_where_no_name_is_shared():
    table = experiments(20, 3, 1)
    key = "GCIKSSRWRFVXBI-UHFFFAOYSA-N"
    table["inchi_key"] = np.where(table["drug"].isin(["drug 3", "drug 7"]), key, "restricted")
    chosen = suggest_filters(table, made_here=True)
    assert chosen.thresholds["merge"] == "inchikey"
    assert "2 ids share 1 InChIKey" in chosen.reasons["merge"]
    assert len(bound(table, chosen.thresholds, made_here=True).tensor.drugs) == 19


def test_twins_that_stay_apart_are_warned_of():
    table = experiments(20, 3, 1)
    assert list(find_in_ids(table, "none")) == []
    table.loc[table["drug"].eq("drug 7"), "name"] = "name of drug 3"
    [finding] = find_in_ids(table, "none")
    assert "2 ids share 1 name" in finding.what and not finding.stops
    for merge in ("name", "best_id"):
        assert list(find_in_ids(table, merge)) == []


@pytest.mark.parametrize(("merge", "certain"), [("best_id", False), ("name", True), ("none", True)])
def test_which_id_of_a_name_is_best_is_not_certain_before_p_values(merge, certain):
    table = experiments(500, 5, 2)
    assert bound(table, PAPER | {"merge": merge}, made_here=True).certain
    table.loc[table["drug"].eq("drug 7"), "name"] = "name of drug 3"
    assert bound(table, PAPER | {"merge": merge}, made_here=True).certain == certain


def test_ready_made_signatures_are_filtered_by_how_alike_their_replicates_are():
    info = experiments(4, 2, 1).rename(columns={"pert_type": "kind"})
    info = info.assign(signature="s", p_value=np.nan)
    info["cc_q75"] = [0.1, 0.3] * 4
    found = bound(known_experiments(info), ALL | {"min_cc_q75": 0.2}, made_here=False)
    assert len(found.tensor) == 4
