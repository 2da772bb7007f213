"""Several ids of one drug: by name, by InChIKey, and where these contradict each other."""

import numpy as np
import pandas as pd
import pytest
from rows import OPEN, named, pairs_of, profiles_of, signatures

from lacuna.errors import LacunaError
from lacuna.tensor.build import build_tensor
from lacuna.tensor.filters import filter_experiments
from lacuna.tensor.substances import add_facts, same_substance, shared_ids

# Of lincs-mini: stereo twins, two substances of one name, two names of one substance.
PARTHENOLIDE = ["KTEXNACQROZXEV-ZRPLFPEYSA-N", "KTEXNACQROZXEV-SLXBATTESA-N"]
COMPOUND_12 = ["XVWCAOUMDSZQPB-WOJGMQOQSA-N", "SZUVGMCKKLJAFX-UHFFFAOYSA-N"]
TOZASERTIB = "GCIKSSRWRFVXBI-UHFFFAOYSA-N"
DRUGS = pd.DataFrame(
    [
        ("P1", "Parthenolide", PARTHENOLIDE[0]),
        ("P2", "parthenolide", PARTHENOLIDE[1]),
        ("C1", "Compound 12", COMPOUND_12[0]),
        ("C2", "Compound 12", COMPOUND_12[1]),
        ("T1", "VX-680", TOZASERTIB),
        ("T2", "tozasertib", TOZASERTIB),
        ("R1", "one", "restricted"),
        ("R2", "another", "restricted"),
        ("N1", np.nan, np.nan),
        ("N2", np.nan, np.nan),
    ],
    columns=["drug", "name", "inchi_key"],
).assign(pert_type="trt_cp")


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        ("name", [["P1", "P2"]]),
        ("inchikey", [["T1", "T2"]]),
        ("best_id", [["P1", "P2"], ["C1", "C2"]]),
        ("none", []),
    ],
)
def test_which_ids_are_one_drug(merge, expected):
    assert shared_ids(DRUGS.assign(cell="1"), merge) == expected


def test_what_has_no_key_is_no_drug_of_its_name_where_that_is_two_substances():
    keyless = [(drug, "compound 12", np.nan) for drug in ("C3", "C4")]
    more = pd.DataFrame([*keyless, ("P3", "PARTHENOLIDE", "")])
    more = more.assign(pert_type="trt_cp").set_axis(DRUGS.columns, axis=1)
    table = pd.concat([DRUGS, more], ignore_index=True)
    assert shared_ids(table, "name") == [["P1", "P2", "P3"]]


def test_a_key_counts_whichever_experiment_says_it():
    table = pd.concat([DRUGS.assign(inchi_key=None), DRUGS], ignore_index=True)
    assert shared_ids(table, "name") == [["P1", "P2"]]
    assert shared_ids(table, "inchikey") == [["T1", "T2"]]


def test_without_any_key_none_can_be_merged_by_it():
    for table in (DRUGS.drop(columns="inchi_key"), DRUGS.assign(inchi_key="restricted")):
        with pytest.raises(LacunaError, match=r"no drug has an InChIKey; .* merge: name"):
            same_substance(table, "inchikey")
    assert shared_ids(DRUGS.drop(columns="inchi_key"), "name")[0] == ["P1", "P2"]


@pytest.mark.parametrize("merge", ["name", "inchikey"])
def test_signatures_of_merged_ids_are_averaged_as_those_of_one_drug(merge):
    cells = ["1", "2", "1", "3", "1"]
    rows = [
        {"drug": drug, "name": "n", "inchi_key": TOZASERTIB, "cell": cell, "batch": cell}
        for drug, cell in zip("XXYYZ", cells, strict=True)
    ]
    made = signatures(rows)
    tensor, steps = build_tensor(made, **OPEN | {"merge": merge})
    one, _ = build_tensor(signatures([row | {"drug": "X"} for row in rows]), **OPEN)
    assert profiles_of(tensor) == profiles_of(one)
    assert steps[["profiles", "drugs"]].to_numpy().tolist() == [[5, n] for n in (3, 3, 3, 1, 1)] + [
        [3, 1]
    ]


def test_ids_are_merged_before_cells_are_counted():
    made = named(("X", "n", "1"), ("Y", "n", "2"), ("Z", "z", "1"), ("Z", "z", "2"))
    fewest = {"min_cells_per_drug": 2, "min_drugs_per_cell": 2}
    tensor, _ = build_tensor(made, **OPEN | fewest | {"merge": "name"})
    assert pairs_of(tensor) == {("X", "1"), ("X", "2"), ("Z", "1"), ("Z", "2")}
    for merge in ("none", "best_id"):
        with pytest.raises(LacunaError, match="leaves no profile"):
            build_tensor(made, **OPEN | fewest | {"merge": merge})


def test_ids_that_stay_apart_are_drugs_of_their_own():
    made = named(("X", "n", "1"), ("Y", "n", "1"))
    tensor, steps = build_tensor(made, **OPEN | {"merge": "none"})
    assert set(tensor.drugs) == {"X", "Y"}
    assert len(steps) == 5


def test_names_and_keys_come_from_tables_of_drugs_where_experiments_have_none():
    made = named(("P1", "own", "1"), ("P2", np.nan, "1"), ("Z", "", "1"), ("Q", np.nan, "1"))
    table = add_facts(made.table, [DRUGS[["drug", "name"]], DRUGS, DRUGS.assign(name="later")])
    assert table["name"].fillna("-").tolist() == ["own", "parthenolide", "-", "-"]
    assert table["inchi_key"].fillna("-").tolist() == [*PARTHENOLIDE, "-", "-"]
    assert table[list(made.table)].drop(columns="name").equals(made.table.drop(columns="name"))
    assert add_facts(made.table, [])["inchi_key"].isna().all()


def test_tables_read_for_a_look_may_hold_categories():
    made = named(("X", "n", "1"), ("Y", "N", "2"), ("Y", "N", "3")).table
    facts = made.assign(inchi_key=[TOZASERTIB, np.nan, np.nan])
    texts = ["drug", "name", "cell", "batch", "inchi_key"]
    for merge in ("name", "inchikey", "best_id", "none"):
        plain = filter_experiments(facts, **OPEN | {"merge": merge})
        coded = filter_experiments(
            facts.astype(dict.fromkeys(texts, "category")), **OPEN | {"merge": merge}
        )
        assert coded.steps.equals(plain.steps)


# The best id of a name


def test_of_ids_with_one_name_that_with_most_cells_is_kept():
    made = named(("X", "aspirin", "1"), ("Y", "aspirin", "2"), ("Y", "aspirin", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"Y"}


def test_cells_are_counted_once_whatever_the_doses():
    made = named(*[("X", "aspirin", "1")] * 3, ("Y", "aspirin", "2"), ("Y", "aspirin", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"Y"}


@pytest.mark.parametrize("first", ["X", "Y"])
def test_of_ids_with_as_many_cells_the_first_is_kept(first):
    other = {"X": "Y", "Y": "X"}[first]
    made = named((first, "aspirin", "1"), (other, "aspirin", "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {first}


@pytest.mark.parametrize("same", ["Aspirin", "ASPIRIN", " aspirin "])
def test_names_that_differ_only_in_case_or_space_are_one(same):
    made = named(("X", "aspirin", "1"), ("Y", same, "2"), ("Z", "aspirin-b", "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Z"}


@pytest.mark.parametrize("name", [np.nan, None, "", " ", "nan", "-666"])
def test_drugs_without_a_name_are_distinct(name):
    made = named(("X", name, "1"), ("Y", name, "1"), ("Y", name, "2"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Y"}


def test_a_name_that_is_the_id_is_none():
    made = named(("X", "X", "1"), ("Y", "y", "1"), ("Z", "X", "2"), ("Z", "X", "3"))
    assert set(build_tensor(made, **OPEN)[0].drugs) == {"X", "Y", "Z"}
