"""Folds hold every profile out once and leave each drug something to learn from."""

import numpy as np
import pandas as pd
import pytest
from toy import clustered, grid

from lacuna.errors import LacunaError
from lacuna.evaluation.splits import (
    NEVER_HELD_OUT,
    SPLITS,
    count_folds,
    fold_table,
    folds_by_group,
    folds_by_profile,
    make_folds,
    split_label,
)
from lacuna.runtime.seeds import generator
from lacuna.structures.identity import drug_groups
from lacuna.tensor.profiles import ProfileSet


def many_drugs_of_two_cells(drugs=300):
    measured = np.zeros((drugs, 6), dtype=bool)
    for drug in range(drugs):
        measured[drug, [drug % 6, (drug + 1 + drug % 4) % 6]] = True
    return grid(np.random.default_rng(0).normal(size=(drugs, 6, 3)), measured)


def with_single_profiles():
    measured = np.ones((20, 4), dtype=bool)
    measured[12:, 1:] = False
    return grid(np.random.default_rng(0).normal(size=(20, 4, 3)), measured)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("folds", [2, 3, 10])
@pytest.mark.parametrize("make", [many_drugs_of_two_cells, with_single_profiles, clustered])
def test_every_profile_once_and_each_drug_always_in_training(make, folds, seed):
    tensor = make()
    fold = folds_by_profile(tensor, folds, np.random.default_rng(seed))
    several = np.bincount(tensor.drug)[tensor.drug] > 1
    assert (fold[several] >= 0).all()
    assert (fold[~several] == NEVER_HELD_OUT).all()
    sizes = np.bincount(fold[several], minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    for number in range(folds):
        assert set(tensor.drug[fold != number]) == set(tensor.drug)


def test_the_seed_decides():
    tensor = clustered()
    first, again, other = (
        folds_by_profile(tensor, 4, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_seed_decides_where_nothing_has_to_be_swapped():
    tensor = grid(np.zeros((20, 6, 3)) + 1, np.ones((20, 6), dtype=bool))
    first, again, other = (folds_by_profile(tensor, 10, generator(s, "folds")) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_streams_differ_by_seed_and_by_every_name():
    names = [(1,), (2,), (1, "a"), (1, "b"), (1, "a", "b"), (1, "b", "a"), (1, "ab"), (2, "a")]
    first = {name: tuple(generator(*name).integers(2**60, size=2)) for name in names}
    assert len(set(first.values())) == len(names)
    assert all(tuple(generator(*name).integers(2**60, size=2)) == first[name] for name in names)


def test_two_folds_of_many_drugs_of_two_cells_exist_and_are_found():
    """One profile of each drug in each fold: easily written down, found by few random swaps."""
    tensor = many_drugs_of_two_cells(4000)
    fold = folds_by_profile(tensor, 2, np.random.default_rng(0))
    assert (np.bincount(tensor.drug, fold) == 1).all()


def test_a_drug_that_has_no_training_profile_is_named_plainly():
    expected = r"^evaluation: splits: profiles: .* leave drug 'd\d+' a training profile"
    with pytest.raises(LacunaError, match=expected):
        folds_by_profile(clustered(), 1, np.random.default_rng(0))


def test_folds_are_random_not_by_place():
    tensor = clustered(drugs=200)
    fold = folds_by_profile(tensor, 5, np.random.default_rng(0))
    together = [
        (fold[tensor.drug == drug][:, None] == fold[tensor.drug == drug]).sum()
        - (tensor.drug == drug).sum()
        for drug in range(200)
    ]
    assert np.sum(together) > 0  # profiles of a drug do share folds at times


def test_too_few_profiles_are_refused():
    expected = "^evaluation: splits: profiles: only 6 profiles .* too few for 10 folds"
    with pytest.raises(LacunaError, match=expected):
        folds_by_profile(clustered(drugs=3, cells=2, missing=0), 10, np.random.default_rng(0))


def test_the_table_counts_what_is_never_held_out():
    tensor = with_single_profiles()
    fold = folds_by_profile(tensor, 3, np.random.default_rng(0))
    table = fold_table(tensor, fold)
    assert table["drug"].tolist() == tensor.drugs[tensor.drug].tolist()
    counted = count_folds(table).set_index("use")
    once, never = "held out once", "never held out: the drug's only profile"
    assert counted.loc[once].to_dict() == {"profiles": 48, "drugs": 12, "cells": 4}
    assert counted.loc[never].to_dict() == {"profiles": 8, "drugs": 8, "cells": 1}


def with_plates(plates):
    tensor = clustered(drugs=30, cells=6)
    names = ("profiles", "drug", "cell", "drugs", "cells", "genes")
    reliability = pd.DataFrame({"plates": plates(tensor)})
    return ProfileSet(*(getattr(tensor, name) for name in names), reliability)


@pytest.mark.parametrize("split", ["drugs", "cell_transfer"])
def test_stereo_twins_under_ids_and_names_of_their_own_are_held_out_together(split):
    tensor = clustered(drugs=30, cells=6)
    twins = [("CCNC(C)C(=O)O", "CCN[C@@H](C)C(=O)O"), ("C[C@H](O)CN", "C[C@@H](O)CN")]
    smiles = np.array([f"{'C' * number}O" for number in range(1, 31)], dtype=object)
    where = [(0, 17), (5, 6)]
    for pair, places in zip(twins, where, strict=True):
        smiles[list(places)] = pair
    groups = drug_groups(pd.DataFrame({"drug": tensor.drugs, "smiles": smiles}))
    apart = 0
    for seed in range(5):
        fold = make_folds(tensor, split, 4, np.random.default_rng(seed), groups)
        of_drug = pd.Series(fold).groupby(tensor.drug).first()
        for one, other in where:
            assert of_drug[one] == of_drug[other]
        by_id = make_folds(tensor, split, 4, np.random.default_rng(seed))
        of_drug = pd.Series(by_id).groupby(tensor.drug).first()
        apart += sum(of_drug[one] != of_drug[other] for one, other in where)
        # Drugs without twins are dealt as they were.
        alone = make_folds(tensor, split, 4, np.random.default_rng(seed), np.arange(30))
        assert np.array_equal(alone, by_id)
    assert apart


@pytest.mark.parametrize("split", ["drugs", "cell_transfer", "cells", "plates"])
def test_what_belongs_together_is_held_out_together(split):
    tensor = with_plates(lambda t: t.cell * 10 + t.drug % 2)
    fold = make_folds(tensor, split, 4, np.random.default_rng(0))
    group = {
        "drugs": tensor.drug,
        "cell_transfer": tensor.drug,
        "cells": tensor.cell,
        "plates": tensor.reliability["plates"],
    }[split]
    assert set(fold) == {0, 1, 2, 3}
    assert (
        pd.DataFrame({"group": group, "fold": fold}).groupby("group")["fold"].nunique().max() == 1
    )
    sizes, largest = np.bincount(fold), np.unique(group, return_counts=True)[1].max()
    assert sizes.max() - sizes.min() <= largest
    again = make_folds(tensor, split, 4, np.random.default_rng(0))
    assert np.array_equal(fold, again)
    others = [make_folds(tensor, split, 4, np.random.default_rng(seed)) for seed in range(1, 6)]
    assert not all(np.array_equal(fold, other) for other in others)


def test_the_largest_group_comes_first_each_into_the_smallest_fold():
    """Groups of 5, 4, 3, 2 and 2 profiles make folds of 5 + 2 + ... that differ by one at most."""
    group = np.repeat([7, 1, 4, 9, 2], [2, 5, 3, 4, 2])
    for seed in range(5):
        fold = folds_by_group(group, 2, np.random.default_rng(seed), "drugs")
        assert fold[group == 1][0] == 0  # the largest takes the first fold
        assert fold[group == 9][0] == fold[group == 4][0] == 1  # 4, then 3 beside 5
        assert fold[group == 7][0] == 0  # of 2 each, one goes beside 5, one makes it 7 and 9
        assert sorted(np.bincount(fold)) == [7, 9]


def test_as_many_groups_as_folds_are_enough():
    fold = folds_by_group(np.array([3, 3, 5, 8]), 3, np.random.default_rng(0), "cells")
    assert len(set(fold)) == 3


def test_groups_of_one_size_are_put_in_random_order():
    made = {
        tuple(folds_by_group(np.arange(6), 3, np.random.default_rng(seed), "cells"))
        for seed in range(10)
    }
    assert len(made) > 5


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(LacunaError, match=r"^evaluation: splits: cells: 10 folds, .* 6 groups"):
        make_folds(clustered(cells=6), "cells", 10, np.random.default_rng(0))


def test_plates_that_are_not_known_cannot_be_held_out():
    for tensor in (clustered(), with_plates(lambda t: np.where(t.drug == 3, -1, t.cell))):
        with pytest.raises(LacunaError, match=r"^evaluation: splits: plates: nothing is known"):
            make_folds(tensor, "plates", 3, np.random.default_rng(0))


def test_single_profiles_are_the_paper_s_folds():
    tensor = clustered()
    expected = folds_by_profile(tensor, 3, np.random.default_rng(0))
    assert np.array_equal(make_folds(tensor, "profiles", 3, np.random.default_rng(0)), expected)


def test_every_split_has_a_card_and_draws_by_the_word_that_it_always_had():
    streams = {name: split.stream for name, split in SPLITS.items()}
    assert streams == {
        "profiles": "profiles",
        "drugs": "drugs",
        "cell_transfer": "elsewhere",
        "cells": "cells",
        "plates": "plates",
    }
    assert [name for name, split in SPLITS.items() if split.shows_other_cells] == ["cell_transfer"]
    labels = [split.label for split in SPLITS.values()]
    assert [split_label(name) for name in SPLITS] == labels
    assert all(labels) and len(set(labels)) == len(labels)
    assert split_label("of_another_version") == "of_another_version"


def test_a_swap_leaves_no_drug_without_training():
    """Many drugs of two profiles, two folds: nearly each swap could empty another drug's fold."""
    tensor = many_drugs_of_two_cells(40)
    for seed in range(40):
        fold = folds_by_profile(tensor, 2, np.random.default_rng(seed))
        assert (np.bincount(tensor.drug, fold) == 1).all()
        assert np.bincount(fold).tolist() == [40, 40]
