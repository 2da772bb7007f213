"""The genes that change most are the planted ones, by Welch's test against the line's controls."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import ttest_ind
from target import signatures, target

from lacuna.single_cell.degs import list_degs
from lacuna.single_cell.interface import CONTROL, DEGS, TEST, TRAINING, UNUSED, VALIDATION
from lacuna.single_cell.observations import InMemory


def roles(made, role=TRAINING):
    return np.full(len(made.obs), role, dtype=object)


def lists(table):
    """The genes of each list, in order."""
    table = table.fillna({"dose": -1.0})
    return {
        key: part.sort_values("rank")["gene"].tolist()
        for key, part in table.groupby(["drug", "line", "dose"])
    }


def by_definition(made, chosen, controls, number):
    """The largest |t| of Welch's test, in order; 0 where nothing varies."""
    one, other = made.rows(np.flatnonzero(chosen)), made.rows(np.flatnonzero(controls))
    score = ttest_ind(one.astype(float), other.astype(float), equal_var=False).statistic
    score = np.nan_to_num(np.abs(score), nan=0.0)
    return made.genes[np.argsort(-score)[:number]].tolist()


def test_each_drug_line_and_dose_has_its_list_and_all_doses_have_one():
    made = target()
    found = list_degs(made, roles(made), made.genes, number=5)
    assert list(found.columns) == DEGS
    named = lists(found)
    assert len(named) == 12 * 2 * (2 + 1)
    obs = made.obs
    for (drug, line, dose), genes in named.items():
        assert len(genes) == 5
        chosen = (obs["drug"] == drug) & (obs["line"] == line)
        if dose > 0:
            chosen &= obs["dose"] == dose
        controls = obs["control"] & (obs["line"] == line)
        assert genes == by_definition(made, chosen, controls, 5)
        if dose == 10:
            number = int(drug[1:])
            assert genes[0] == f"G{number if line == 'A' else number + 20}"  # up, and down


def test_only_the_genes_asked_are_listed():
    made = target()
    genes = made.genes[[30, 3, 1]]
    found = list_degs(made, roles(made), genes, number=50)
    assert set(found["gene"]) == set(genes)
    assert found.groupby(["drug", "line", "dose"], dropna=False).size().unique().tolist() == [3]


def test_a_training_drug_is_listed_by_cells_of_the_training_and_a_held_out_one_by_its_own():
    """Each against controls of its own side, so that no list knows controls that methods see."""
    made = target(each=20)
    role, obs = roles(made), made.obs
    role[np.flatnonzero(obs["control"])[1::2]] = TEST
    role[(obs["drug"] == "d1").to_numpy()] = TEST
    role[::3] = np.where(role[::3] == TRAINING, VALIDATION, role[::3])
    rows = made.rows(np.arange(len(obs)))
    rows[(role == VALIDATION)] = np.roll(rows[role == VALIDATION], 7, axis=1)  # unlike others
    made = InMemory("cells", obs, made.drugs, made.genes, sparse.csr_matrix(rows))
    named = lists(list_degs(made, role, made.genes, number=6))
    whole = lists(list_degs(made, role, made.genes, number=6, of="all"))
    controls = (obs["control"] & (obs["line"] == "A")).to_numpy()
    for drug in ("d0", "d1"):
        chosen = ((obs["drug"] == drug) & (obs["line"] == "A") & (obs["dose"] == 10)).to_numpy()
        side = role == (TEST if drug == "d1" else TRAINING)
        assert named[drug, "A", 10.0] == by_definition(made, chosen & side, controls & side, 6)
        assert whole[drug, "A", 10.0] == by_definition(made, chosen, controls, 6)
    assert named != whole


def test_no_side_falls_back_on_controls_of_the_other():
    """Drugs that validate are listed as those that train; without controls of a side, no list."""
    made = target(each=20)
    obs = made.obs
    control, line = obs["control"].to_numpy(), obs["line"].to_numpy()
    role = roles(made)
    role[(obs["drug"] == "d1").to_numpy()] = TEST
    role[(obs["drug"] == "d2").to_numpy()] = VALIDATION
    role[np.flatnonzero(control)[1::2]] = TEST
    role[np.flatnonzero(control & (line == "B") & (role == TEST))[5:]] = VALIDATION  # 5 are left
    named = lists(list_degs(made, role, made.genes, number=6))
    chosen = ((obs["drug"] == "d2") & (line == "A") & (obs["dose"] == 10)).to_numpy()
    known = control & (line == "A") & (role == TRAINING)
    assert named["d2", "A", 10.0] == by_definition(made, chosen, known, 6)
    assert ("d1", "A", 10.0) in named
    assert ("d1", "B", 10.0) not in named
    assert ("d0", "B", 10.0) in named


def test_a_line_that_is_held_out_is_judged_by_its_own_controls():
    made = target()
    role = roles(made)
    role[(made.obs["line"] == "B").to_numpy()] = TEST
    assert lists(list_degs(made, role, made.genes)) == lists(
        list_degs(made, roles(made), made.genes)
    )


def test_what_is_unused_or_rare_or_without_controls_has_no_list():
    made = target()
    obs, role = made.obs, roles(made)
    role[(obs["drug"] == "d0").to_numpy()] = UNUSED
    rare = np.flatnonzero((obs["drug"] == "d1") & (obs["line"] == "A") & (obs["dose"] == 10))
    role[rare[5:]] = UNUSED  # 5 are left
    role[(obs["control"] & (obs["line"] == "B")).to_numpy()] = UNUSED
    named = lists(list_degs(made, role, made.genes))
    assert {key[1] for key in named} == {"A"}
    assert "d0" not in {key[0] for key in named}
    assert ("d1", "A", 10.0) not in named
    assert ("d1", "A", 0.1) in named
    assert ("d1", "A", -1.0) in named


def test_names_with_any_character_keep_their_lists():
    made = target(3)
    names = {"d0": "a_b/c", "d1": "a_b", "d2": "A_0.1", CONTROL: CONTROL}
    lines = {"A": "c_d", "B": "d"}
    obs = made.obs.assign(drug=made.obs["drug"].map(names), line=made.obs["line"].map(lines))
    drugs = made.drugs.set_axis([names[name] for name in made.drugs.index], axis=0)
    other = InMemory("cells", obs, drugs, made.genes, made.rows(np.arange(len(obs))))
    expected = lists(list_degs(made, roles(made), made.genes))
    found = lists(list_degs(other, roles(made), made.genes))
    assert found == {
        (names[drug], lines[line], dose): genes for (drug, line, dose), genes in expected.items()
    }


def test_of_signatures_the_largest_scores_count():
    made = signatures()
    named = lists(list_degs(made, roles(made), made.genes, number=4))
    for position in (0, 17, 35):
        drug, line = made.obs.iloc[position][["drug", "line"]]
        order = np.argsort(-np.abs(made.rows(np.array([position]))[0]))[:4]
        assert named[drug, line, 1.0] == named[drug, line, -1.0] == made.genes[order].tolist()


def test_of_bulk_the_difference_of_means_over_all_lines_counts():
    made = target(kind="bulk")
    named = lists(list_degs(made, roles(made), made.genes, number=3))
    rows, obs = made.rows(np.arange(len(made.obs))), made.obs
    for drug in ("d0", "d5"):
        distance = np.abs(
            rows[obs["drug"] == drug].mean(axis=0) - rows[obs["control"]].mean(axis=0)
        )
        expected = made.genes[np.argsort(-distance)[:3]].tolist()
        assert named[drug, "A", -1.0] == named[drug, "B", -1.0] == expected
    assert {key[2] for key in named} == {-1.0}


@pytest.mark.parametrize("kind", ["cells", "bulk"])
def test_without_controls_there_is_no_list(kind):
    made = target(kind=kind, controls=0)
    assert list_degs(made, roles(made), made.genes).empty


def test_many_groups_take_seconds():
    made = target(60, ("A", "B"), (0.01, 0.1, 1.0, 10.0), 12, 400, 300)
    start = time.perf_counter()
    found = list_degs(made, roles(made), made.genes)
    seconds = time.perf_counter() - start
    assert len(found) == 60 * 2 * 5 * 50
    assert seconds < 30, f"{seconds:.0f} s for 600 lists"
    assert pd.notna(found[["drug", "line", "gene"]]).all(axis=None)
