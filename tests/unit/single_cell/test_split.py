"""No structure and no stereo twin is on both sides; each drug is judged once; the paper's split."""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from target import drug_table, signatures, target

from lacuna.errors import LacunaError
from lacuna.io.smiles import read_smiles
from lacuna.single_cell import bulk
from lacuna.single_cell.compounds import find_drugs
from lacuna.single_cell.interface import (
    CONTROL,
    DRUGS,
    GIVEN,
    ROLES,
    TEST,
    TRAINING,
    UNUSED,
    VALIDATION,
)
from lacuna.single_cell.split import (
    PUBLISHED,
    SPLITS,
    fold_names,
    split_observations,
    strict_drop,
)
from lacuna.structures.identity import identify

BY_DRUGS, BY_CELLS = {"by": "drugs", "share": 0.2}, {"by": "cells", "share": 0.04}


def split(observations, name, seed=0, **changes):
    asked = {"folds": 3, "lines": [], "named": [], "validation": BY_DRUGS}
    return split_observations(
        observations, name, **asked | changes, rng=np.random.default_rng(seed)
    )


def drugs_of(observations, made, role):
    chosen = observations.obs[made.role == role]
    return set(chosen["drug"]) - {CONTROL}


@given(
    twins=st.lists(st.integers(1, 3), min_size=6, max_size=12),
    by=st.sampled_from(["drugs", "scaffold"]),
    validation=st.sampled_from([BY_DRUGS, BY_CELLS]),
    seed=st.integers(0, 3),
)
def test_folds_judge_each_drug_once_and_divide_no_twins(twins, by, validation, seed):
    groups = [f"B{group}" for group, size in enumerate(twins) for _ in range(size)]
    made = target(len(groups), each=6, controls=12, groups=groups)
    made.drugs["scaffold"] = [f"S{int(group[1:]) // 2}" for group in groups]
    judged = []
    for name in fold_names(by, 3):
        fold = split(made, name, seed, validation=validation)
        sides = {role: drugs_of(made, fold, role) for role in ROLES}
        assert fold.held_out == sorted(sides[TEST], key=made.drugs.index.get_loc)
        judged += fold.held_out
        column = made.drugs["block" if by == "drugs" else "scaffold"]
        of = {role: set(column[list(sides[role])]) for role in ROLES}
        assert not of[TEST] & (of[TRAINING] | of[VALIDATION])
        if validation is BY_DRUGS:
            assert not of[TRAINING] & of[VALIDATION]
        # All of a drug that is held out: every line and every dose.
        of_test = made.obs["drug"].isin(fold.held_out).to_numpy()
        treated = ~made.obs["control"].to_numpy()
        assert ((fold.role == TEST) == of_test)[treated].all()
    assert sorted(judged) == sorted(made.drugs.index)


def test_folds_are_of_like_size_and_validation_as_large_as_asked():
    made = target(30, each=6)
    for number in range(3):
        fold = split(made, f"drugs_{number}")
        assert len(fold.held_out) == 10
        assert len(drugs_of(made, fold, VALIDATION)) == 4  # 20 % of 20


def test_a_large_group_does_not_validate_where_small_ones_can():
    made = target(20, each=6, groups=[f"B{max(number, 9)}" for number in range(20)])  # ten are one
    for seed in range(8):
        fold = split(made, "drugs_1", seed, folds=5, validation={"by": "drugs", "share": 0.1})
        assert len(drugs_of(made, fold, VALIDATION)) <= 2
        assert drugs_of(made, fold, TRAINING)


def test_where_all_groups_are_too_large_the_smallest_validates():
    made = target(9, each=6, groups=[*"AAAABBBCC"])
    for seed in range(6):
        fold = split(made, "named_0", seed, named=["d0"], validation={"by": "drugs", "share": 0.1})
        assert drugs_of(made, fold, VALIDATION) == {"d7", "d8"}


def test_a_quarter_of_the_controls_of_each_line_is_seen_by_no_method():
    made = target(controls=41)
    for name in ("drugs_0", "scaffold_2", "random_0", "named_0"):
        fold = split(made, name, named=["d3"])
        control = made.obs["control"].to_numpy()
        assert set(fold.role[control]) == {TRAINING, VALIDATION, TEST}
        for line in "AB":
            here = control & (made.obs["line"] == line).to_numpy()
            assert (fold.role[here] == TEST).sum() == 10
            assert 0 < (fold.role[here] == VALIDATION).sum() < 15


@pytest.mark.parametrize(("controls", "judging"), [(2, 1), (7, 3), (12, 6), (20, 6), (40, 10)])
def test_as_many_controls_judge_as_lists_of_genes_need_but_no_more_than_half(controls, judging):
    made = target(controls=controls)
    fold = split(made, "drugs_0", validation={"by": "drugs", "share": 0})
    here = (made.obs["control"] & (made.obs["line"] == "A")).to_numpy()
    assert (fold.role[here] == TEST).sum() == judging


def test_a_single_control_is_seen_and_said():
    made = target(controls=1)
    fold = split(made, "drugs_0")
    assert set(fold.role[made.obs["control"]]) == {TRAINING}
    assert fold.said == [
        "One control only, so that measured and predicted changes share it: 'A', 'B'."
    ]
    assert not split(target(controls=2), "drugs_0").said


def test_the_same_seed_gives_the_same_roles_and_folds_differ_in_who_validates():
    made = target(30, each=6)
    assert (split(made, "drugs_1").role == split(made, "drugs_1").role).all()
    assert (split(made, "drugs_1").role != split(made, "drugs_1", seed=1).role).any()
    controls = made.obs["control"].to_numpy()
    first, second = (split(made, name).role[controls] for name in ("drugs_0", "drugs_1"))
    assert (first != second).any()


def test_named_drugs_are_held_out_and_their_twins_are_not_used():
    groups = ["X", "X", "Y", "Z", "U", "V", "W"]
    made = target(7, each=6, groups=groups)
    made.drugs.index = [
        *("Dacinostat (LAQ824)", "its twin", "CUDC-907", "d3", "d4", "Trametinib"),
        "Trametinib-like",
    ]
    names = dict(zip([f"d{n}" for n in range(7)], made.drugs.index, strict=True))
    made.obs["drug"] = made.obs["drug"].map(names | {CONTROL: CONTROL})
    fold = split(made, "named_0", named=[*PUBLISHED])
    assert set(fold.held_out) == {"Dacinostat (LAQ824)", "CUDC-907", "Trametinib"}
    assert drugs_of(made, fold, UNUSED) == {"its twin"}
    said = " ".join(fold.said)
    assert "Givinostat" in said
    assert "'its twin'" in said
    assert split(target(7, each=6), "named_0", named=["d3"]).said == []
    with pytest.raises(LacunaError, match="none of 'Hesperadin' is a drug"):
        split(made, "named_0", named=["Hesperadin"])


def test_a_name_that_fits_two_drugs_is_refused():
    drugs = drug_table(["a", "b"]).set_axis(["Tofacitinib (CP-1)", "Tofacitinib citrate"], axis=0)
    with pytest.raises(LacunaError, match="may be 'Tofacitinib \\(CP-1\\)', 'Tofacitinib citrate'"):
        find_drugs(drugs, ["Tofacitinib"], "f")
    assert find_drugs(drugs, ["tofacitinib CITRATE"], "f") == (["Tofacitinib citrate"], [])


def test_a_line_is_held_out_with_its_controls():
    made = target(lines=("A", "B", "C"))
    assert fold_names("lines", 3, ["C", "A"]) == ["lines_0", "lines_1"]
    for number, line in enumerate(["C", "A"]):
        fold = split(made, f"lines_{number}", lines=["C", "A"])
        own, control = (made.obs["line"] == line).to_numpy(), made.obs["control"].to_numpy()
        assert (np.isin(fold.role, (TEST, GIVEN)) == own).all()
        # measured changes are taken from a quarter of its controls, predictions start from others
        assert set(fold.role[own & ~control]) == {TEST}
        assert (fold.role[own & control] == TEST).sum() == control[own].sum() // 4
        assert fold.held_out == []
        trained = set(made.obs["drug"][fold.role == TRAINING])  # all: only the line is new
        assert trained == set(made.obs["drug"]) and (fold.role == VALIDATION).any()
    assert set(split(made, "lines_1").role[made.obs["line"] == "B"]) == {TEST, GIVEN}  # all lines
    with pytest.raises(LacunaError, match="'K562' were not measured; there are 'A', 'B', 'C'"):
        split(made, "lines_0", lines=["K562"])


def test_the_published_validation_takes_4_percent_and_more_of_the_controls():
    made = target(12, each=100, controls=2000)
    fold = split(made, "named_0", named=["d0", "d1"], validation=BY_CELLS)
    control = made.obs["control"].to_numpy()
    rest = ~control & (fold.role != TEST)
    assert (fold.role[rest] == VALIDATION).mean() == pytest.approx(0.04, abs=1e-3)
    expected = 0.04 + 0.96 * 0.05
    left = control & (fold.role != TEST)
    assert (fold.role[left] == VALIDATION).mean() == pytest.approx(expected, abs=1e-3)


def test_the_random_split_has_the_published_shares():
    made = target(12, each=400, controls=3000)
    fold = split(made, "random_0")
    treated = ~made.obs["control"].to_numpy()
    for role, share in ((TRAINING, 0.85), (VALIDATION, 0.075), (TEST, 0.075)):
        assert (fold.role[treated] == role).mean() == pytest.approx(share, abs=0.01)
    assert fold.held_out == []
    left = ~treated & (fold.role != TEST)
    assert (fold.role[left] == VALIDATION).mean() == pytest.approx(0.075, abs=0.02)


def test_no_validation_where_none_is_asked():
    fold = split(target(), "drugs_0", validation={"by": "drugs", "share": 0})
    assert VALIDATION not in fold.role


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("drug_0", {}, "no fold 'drug_0' \\(did you mean 'drugs'"),
        ("drugs_x", {}, "no fold 'drugs_x'"),
        ("drugs_0", {"folds": 13}, "12 drugs of 12 groups cannot be judged in 13 folds"),
        ("drugs_0", {"folds": 1}, "expected 2 folds or more"),
        ("drugs_3", {}, "no treated observation for test"),
        ("lines_2", {}, "no line 2 of 2"),
        ("lines_0", {"lines": ["A"], "only": ("A",)}, "no treated observation for training"),
        ("drugs_0", {"folds": 2, "drugs": 2}, "too few to train and to validate"),
        ("named_0", {"named": []}, "no drug is named"),
    ],
)
def test_what_cannot_be_split_is_refused(name, asked, said):
    made = target(asked.pop("drugs", 12), asked.pop("only", ("A", "B")), each=6)
    with pytest.raises(LacunaError, match=said):
        split(made, name, **asked)


def test_signatures_are_split_without_controls():
    made = signatures()
    for name in SPLITS:
        fold = split(made, f"{name}_0", named=["d0"])
        assert {TRAINING, TEST} <= set(fold.role)


def test_strict_pretraining_sees_no_twin_and_no_salt_of_what_is_held_out():
    made = target(4, each=3, groups=["X", "X", "Y", "Z"])
    kept = made.obs.iloc[strict_drop(made.drugs, made.obs, ["X", "nothing of it"])]
    assert set(kept["drug"]) == {"d2", "d3", CONTROL}
    assert (kept["drug"] == CONTROL).sum() == 80


def atoms_of(smiles):
    """The heavy atoms of the largest part, but for atoms in brackets that are no Cl, Br or I."""
    counted = []
    for part in smiles.split()[0].split("."):
        plain = re.sub(r"\[\d*(Cl|Br|[A-Za-z])[^a-z\]][^\]]*\]|\[[^\]]*\]", r"\1", part)
        atoms = re.findall(r"Cl|Br|[BCNOPSFIbcnops]", plain)
        counted.append(Counter(atom if len(atom) == 2 else atom.upper() for atom in atoms))
    return frozenset(max(counted, key=lambda atoms: sum(atoms.values())).items())


@pytest.fixture(scope="module")
def sciplex(shared_data):
    path = shared_data / "single-cell" / "sciplex-wells" / "Supplementary_Table_3.txt.gz"
    return read_smiles(path)


@pytest.fixture(scope="module")
def who(sciplex):
    return identify(sciplex, progress=False)


def bulk_of(known):
    """Observations of one well for each drug, and a control."""
    drugs = known.assign(pathway="")[DRUGS]
    obs = pd.DataFrame({"drug": [*drugs.index, CONTROL], "line": "A"})
    return drugs, obs.assign(control=obs["drug"] == CONTROL)


def first_words(names):
    return {name.split()[0] for name in names}


def test_strict_drops_from_lincs_just_what_sciplex_shares(shared_data, sciplex, who):
    assert len(who) == 188
    assert (who["said"] == "").all()  # ChemAxon's tails, and its remark, too
    lincs = read_smiles(shared_data / "lincs-smiles" / "lincs_drugs_smiles.csv.gz")
    assert len(lincs) == 17_775
    # To know all of LINCS takes a minute: what has other atoms than all of the 188 is none of them.
    like = {atoms_of(text) for text in [*sciplex, *who["smiles"]]}
    near = lincs[[atoms_of(text) in like for text in lincs]]
    drugs, obs = bulk_of(identify(near, progress=False))
    kept = strict_drop(drugs, obs, who["block"].tolist())
    dropped = obs.drop(index=kept)["drug"]
    assert drugs.loc[dropped, "block"].nunique() == 125
    assert CONTROL in set(obs.loc[kept, "drug"])
    nine, missing = find_drugs(who, list(PUBLISHED), "f")
    assert (len(nine), missing) == (9, [])
    kept = strict_drop(drugs, obs, who.loc[nine, "block"].tolist())
    blocks = set(drugs.loc[obs.drop(index=kept)["drug"], "block"])
    assert first_words(name for name in nine if who.loc[name, "block"] in blocks) == {
        *("Dacinostat", "Givinostat", "Pirarubicin", "Tanespimycin", "Trametinib", "Raltitrexed")
    }
    assert len(blocks) == 6


def test_strict_drops_two_of_the_nine_from_lincs_mini(mini, who):
    made = bulk.prepare([mini], fewest=1)
    nine, _ = find_drugs(who, list(PUBLISHED), "f")
    kept = strict_drop(made.drugs, made.obs, who.loc[nine, "block"].tolist())
    dropped = made.obs.drop(index=made.obs.index[kept])["drug"]
    assert {name.casefold() for name in dropped} == {"tanespimycin", "trametinib"}
    left = made.drugs[made.drugs.index.isin(made.obs.iloc[kept]["drug"])]
    assert not set(left["block"]) & set(who.loc[nine, "block"])
