"""Replicates that share a plate: their null knows the plate's rows and columns."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from layouts import LAYOUTS, activate, directions_of, has_large_effect, plates_of, unit
from scipy.stats import chisquare, kstest
from wells import join, noise, plate, signatures_of

from lacuna.signatures.consistency import (
    average_cosine_distance,
    distances_of,
    null_distances,
    p_value,
)
from lacuna.signatures.make import average_replicates
from lacuna.signatures.signature_set import (
    FEW_DRUGS,
    HAS_P_VALUE,
    NO_POSITIONS,
    NO_REPLICATES,
    SHARED_LINE,
)
from lacuna.signatures.within_plate import MOST_OWN, WithinPlates


def within(wells):
    plates, drugs = (pd.factorize(wells[name])[0] for name in ("plate", "drug"))
    return WithinPlates(plates, drugs, wells[["row", "column"]].to_numpy())


def sets_of(wells):
    return [np.asarray(at) for at in wells.groupby(["batch", "drug"]).indices.values()]


def replicates_of(wells, directions, draws=400, seed=1):
    """The table of all batches, as `make_signatures` makes it from their directions."""
    tables = [
        average_replicates(
            wells.iloc[at].reset_index(drop=True).assign(pert_type="trt_cp"),
            directions[at],
            draws,
            np.random.default_rng(seed),
        )[0]
        for at in wells.groupby("batch").indices.values()
    ]
    return pd.concat(tables, ignore_index=True)


def alike(values):
    return values[:, None] == values


# Which sets the null is made of


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_random_set_stands_as_the_real_one_does(layout):
    wells = plates_of(layout, batches=1)
    drawing, rng = within(wells), np.random.default_rng(0)
    row, column = wells["row"].to_numpy(), wells["column"].to_numpy()
    moved = set()
    for members in sets_of(wells)[:6]:
        rows_stay = alike(row[members]).sum() >= alike(column[members]).sum()
        stays = row if rows_stay else column
        for drawn in drawing.draw(members, 60, rng):
            assert len(set(drawn)) == len(members)
            assert (stays[drawn] == stays[members]).all()
            assert (alike(row[drawn]) == alike(row[members])).all()
            assert (alike(column[drawn]) == alike(column[members])).all()
            moved.add(frozenset(drawn))
    assert len(moved) > 200


def test_replicates_of_two_plates_stay_on_their_plates():
    wells = join(plate("P_X1", list("aabbcc")), plate("P_X2", list("abcabc"), vehicles=1))
    wells = wells[wells["kind"] == "trt_cp"].reset_index(drop=True)
    members = np.flatnonzero(wells["drug"].eq("a"))[:3]  # two of the first plate, one of the other
    drawn = within(wells).draw(members, 500, np.random.default_rng(0))
    assert (wells["plate"].to_numpy()[drawn] == wells["plate"].to_numpy()[members]).all()
    assert set(drawn[:, 2]) == set(np.flatnonzero(wells["plate"].eq("P_X2")))


def test_all_sets_of_a_row_are_drawn_alike():
    wells = plate("P_X1", list("aaabbcd"), vehicles=0, places=np.array([0, 2, 3, 5, 8, 9, 20]))
    drawn = within(wells).draw(np.arange(3), 7000, np.random.default_rng(0))
    expected = set(combinations(range(7), 3))
    found, counts = np.unique(np.sort(drawn, axis=1), axis=0, return_counts=True)
    assert {tuple(each) for each in found} == expected
    assert chisquare(counts).pvalue > 0.001


def test_a_plate_with_gaps_gives_the_sets_that_there_are():
    """Rows A and B have wells in some columns only; a column of both is one of both again."""
    columns = {0: [0, 1, 2, 5], 1: [0, 2, 3]}
    places = np.array([24 * row + column for row, own in columns.items() for column in own])
    wells = plate("P_X1", list("aazyawv"), vehicles=0, places=places)
    drawn = within(wells).draw(np.array([0, 1, 4]), 2000, np.random.default_rng(0))
    assert {tuple(each) for each in drawn} == {
        *[(0, 1, 4), (0, 2, 4), (0, 3, 4)],  # column 1 stays
        *[(2, 0, 5), (2, 1, 5), (2, 3, 5)],  # it becomes column 3
    }


# Where no null can be had


@pytest.mark.parametrize("replicates", [2, 3, 4])
@pytest.mark.parametrize("others", [0, 1, 2, 3, 5, 9])
def test_a_row_needs_enough_wells_of_other_drugs(replicates, others):
    drugs = ["a"] * replicates + ["other"] * others
    wells = plate("P_X1", drugs, vehicles=0, places=np.arange(len(drugs)))
    far = plate("P_X1", ["far"] * 3, vehicles=0, places=np.array([300, 320, 340]))
    wells = join(wells, far.assign(well=["x", "y", "z"]))
    own = 1 / comb(len(drugs), replicates)  # of random sets of the row, those of the drug alone
    expected = HAS_P_VALUE if own <= MOST_OWN else SHARED_LINE
    assert within(wells).why_none(np.arange(replicates)) == expected


def test_perfect_replicates_reach_a_p_value_of_a_tenth_wherever_they_have_one():
    rng = np.random.default_rng(0)
    seen = set()
    for seed in range(40):
        drugs = ["d0", "d0", *(f"d{number}" for number in rng.integers(0, 4, rng.integers(1, 9)))]
        wells = plate("P_X1", drugs, vehicles=0, places=rng.permutation(24)[: len(drugs)])
        values = rng.normal(size=(len(drugs), 20))
        values[wells["drug"] == "d0"] = values[0]
        table = replicates_of(wells, unit(values), draws=2000, seed=seed)
        assert table["no_p_value"].eq(HAS_P_VALUE).equals(table["p_value"].notna())
        first = table.iloc[0]
        seen.add(first["no_p_value"])
        assert not first["p_value"] > 0.1
    assert {HAS_P_VALUE, SHARED_LINE} <= seen


def test_why_there_is_none_is_said():
    row = np.arange(6)
    drugs = list("aaabbc")
    wells = plate("P_X1", drugs, vehicles=0, places=row)

    def why(table):
        return replicates_of(table, unit(np.random.default_rng(0).normal(size=(len(table), 9))))[
            "no_p_value"
        ].tolist()

    assert why(wells) == [HAS_P_VALUE, HAS_P_VALUE, NO_REPLICATES]
    assert why(wells.assign(row=0)) == [NO_POSITIONS, NO_POSITIONS, NO_REPLICATES]
    assert why(wells.assign(column=1)) == [
        NO_POSITIONS,
        NO_POSITIONS,
        NO_REPLICATES,
    ]  # all the same
    assert why(wells.iloc[:3]) == [FEW_DRUGS]
    one_drug_a_row = wells.assign(row=pd.factorize(wells["drug"])[0] + 1)
    assert why(one_drug_a_row) == [SHARED_LINE, SHARED_LINE, NO_REPLICATES]


def test_a_drug_at_two_doses_does_not_stand_for_another_drug():
    wells = plate("P_X1", ["a"] * 6, vehicles=0, places=np.arange(6))
    wells["dose"] = [1.0, 1.0, 1.0, 10.0, 10.0, 10.0]
    table = replicates_of(wells, unit(np.random.default_rng(0).normal(size=(6, 9))))
    assert table["no_p_value"].tolist() == [FEW_DRUGS, FEW_DRUGS]


def test_a_place_of_several_rows_is_the_drugs_own_where_all_of_its_wells_are():
    """Two by two wells; at another dose the drug has the rest of one of the two rows."""
    wells = plate("P_X1", ["a"] * 6 + list("aabcde"), vehicles=0, places=np.r_[0:6, 24:30])
    block = np.array([0, 1, 6, 7])
    assert within(wells).why_none(block) == HAS_P_VALUE  # one of 15 pairs of columns
    assert within(wells.assign(drug="a")).why_none(block) == FEW_DRUGS


def test_wells_without_a_position_take_no_part_and_the_others_do():
    wells = plate("P_X1", list("aabcdefghijj"), vehicles=0, places=np.arange(12))
    wells.loc[wells["drug"].isin(["c", "j"]), "row"] = 0
    table = replicates_of(wells, unit(np.random.default_rng(0).normal(size=(12, 9)))).set_index(
        "drug"
    )
    assert table.loc["a", "no_p_value"] == HAS_P_VALUE
    assert table.loc["j", "no_p_value"] == NO_POSITIONS
    drawn = within(wells).draw(np.array([0, 1]), 500, np.random.default_rng(0))
    assert set(np.unique(drawn)) == set(np.flatnonzero(wells["row"] > 0))


# What p-values are worth


def without_positions(wells, directions, seed=1):
    """p-values against sets of distinct drugs of the same plates, wherever these stand."""
    cosine = directions @ directions.T
    values = []
    plates, drugs = (pd.factorize(wells[name])[0] for name in ("plate", "drug"))
    for batch in wells["batch"].unique():
        sets = [at for at in sets_of(wells) if wells["batch"].iloc[at[0]] == batch]
        here = [at for at in sets if len(at) == len(sets[0])]
        null = null_distances(cosine, plates, drugs, here, 400, np.random.default_rng(seed))
        acd = np.array([average_cosine_distance(directions[at]) for at in here])
        values.append(p_value(acd, null))
    return np.concatenate(values)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inactive_drugs_have_uniform_p_values_whatever_rows_and_columns_do(layout):
    # Where all drugs stand in the same columns, their p-values go together.
    wells = plates_of(layout, batches=24 if layout == "two drugs a row, in turns" else 8)
    directions = unit(directions_of(wells, row=1, column=0.7, seed=3))
    table = replicates_of(wells, directions)
    has = table["no_p_value"].eq(HAS_P_VALUE)
    assert has.all()
    assert kstest(table["p_value"], "uniform").pvalue > 0.001
    for share in (0.05, 0.1, 0.2):
        assert (table["p_value"] <= share).mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("layout", ["eight drugs a row", "two drugs a row, in turns"])
def test_drugs_of_a_row_with_a_large_effect_have_uniform_p_values_too(layout):
    wells = plates_of(layout, batches=8)
    directions = unit(directions_of(wells, row=2, column=0, seed=4))
    table = replicates_of(wells, directions)
    first = wells.drop_duplicates(["batch", "drug"])[["batch", "drug", "row"]]
    row = table.merge(first, on=["batch", "drug"], validate="one_to_one")["row"]
    large = row.map(has_large_effect)
    for of_rows in (table.loc[large, "p_value"], table.loc[~large, "p_value"]):
        assert kstest(of_rows, "uniform").pvalue > 0.001


@pytest.mark.parametrize("layout", ["eight drugs a row", "two drugs a column"])
def test_a_null_without_positions_would_call_inactive_drugs_active(layout):
    wells = plates_of(layout, batches=2)
    directions = unit(directions_of(wells, row=1, column=0.7, seed=3))
    assert (without_positions(wells, directions) <= 0.05).mean() > 0.2


def test_a_null_of_sets_in_other_rows_would_favour_rows_with_a_large_effect():
    """Why rows stay: as many inactive drugs pass as should, but all of them in certain rows."""
    wells = plates_of("eight drugs a row", batches=1)
    directions = unit(directions_of(wells, row=2, column=0, seed=4))
    rows = [np.asarray(at) for at in wells.groupby("row").indices.values()]
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(rows[row])[:3] for row in rng.integers(len(rows), size=1000)]
    null = distances_of(directions @ directions.T, np.array(drawn))
    sets = sets_of(wells)
    values = p_value(np.array([average_cosine_distance(directions[at]) for at in sets]), null)
    large = np.array([has_large_effect(wells["row"][at[0]]) for at in sets])
    assert (values <= 0.5).mean() == pytest.approx(0.5, abs=0.1)
    assert (values[large] <= 0.5).mean() > 0.9
    assert (values[~large] <= 0.5).mean() < 0.1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_active_drugs_are_found_and_make_no_others_so(layout):
    wells = plates_of(layout, batches=4)
    names = list(wells["drug"].unique())
    active = names[::8]
    values = directions_of(wells, row=1, column=0.7, seed=5)
    table = replicates_of(wells, unit(activate(values, wells, active, 2.5, seed=6)))
    is_active = table["drug"].isin(active)
    assert (table.loc[is_active, "p_value"] <= 0.1).mean() > 0.9
    assert (table.loc[~is_active, "p_value"] <= 0.1).mean() < 0.15


def test_the_whole_way_from_wells_with_row_effects(tmp_path):
    """Vehicle wells in two columns, as on a plate of the laboratory; the ends of rows are empty."""
    drugs, places = LAYOUTS["two drugs a row, in turns"]()
    vehicles = np.arange(16) * 24  # the first column
    wells = join(
        *(
            plate(f"B{n}_X1", drugs, vehicles=16, places=np.concatenate([vehicles, places]))
            for n in range(4)
        )
    )
    expression = noise(wells, genes=40, seed=2)
    rng = np.random.default_rng(1)
    for at in wells.groupby(["plate", "row"]).indices.values():
        expression[at] += rng.normal(size=40).astype(np.float32)
    active = ["d3", "d10", "d20"]
    expression = activate(expression, wells, active, 2, seed=3)
    table = signatures_of(tmp_path, wells, expression, null_draws=1000).table
    is_active = table["drug"].isin(active)
    assert (table.loc[is_active, "p_value"] < 0.02).all()
    beside = table["drug"].isin(["d2", "d11", "d21"])  # a row that is shared with an active drug
    inactive = table.loc[~is_active & ~beside, "p_value"]
    assert kstest(inactive, "uniform").pvalue > 0.001


def test_the_same_set_in_another_order_is_no_nearer():
    """With a row of four wells, the real set is one of few: its p-value is the share of these."""
    wells = plate("P_X1", list("aabcde"), vehicles=0, places=np.arange(6))
    values = np.random.default_rng(0).normal(size=(6, 50))
    values[1] = values[0]
    table = replicates_of(wells, unit(values), draws=20_000).set_index("drug")
    assert table.loc["a", "p_value"] == pytest.approx(1 / comb(6, 2), abs=0.01)
