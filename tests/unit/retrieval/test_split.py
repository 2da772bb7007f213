"""No structure, no stereo twin, no scaffold stands on two sides; each drug is judged once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.errors import LacunaError
from lacuna.retrieval.split import (
    ROLES,
    TEST,
    TRAINING,
    UNUSED,
    VALIDATION,
    split_drugs,
    well_roles,
)

SHARES = {"validation": 0.1, "test": 0.1}


def drugs(sizes):
    names = [f"{group}-{twin}" for group, size in enumerate(sizes) for twin in range(size)]
    return pd.Series([name.split("-")[0] for name in names], index=names)


@given(
    sizes=st.lists(st.integers(1, 3), min_size=30, max_size=60),
    folds=st.sampled_from([1, 2, 5]),
    seed=st.integers(0, 5),
)
def test_a_group_is_never_divided_and_folds_judge_each_drug_once(sizes, folds, seed):
    groups = drugs(sizes)
    roles = split_drugs(groups, folds=folds, **SHARES, rng=np.random.default_rng(seed))
    assert roles.groupby(groups).nunique().to_numpy().max() == 1
    assert set(roles.to_numpy().ravel()) == set(ROLES)
    judged = (roles == TEST).sum(axis=1)
    assert (judged == 1).all() if folds > 1 else judged.max() == 1
    share = (roles == TEST).mean()
    assert np.allclose(share, 0.1 if folds == 1 else 1 / folds, atol=3 / len(groups) + 0.05)
    assert np.allclose((roles == VALIDATION).mean(), 0.1, atol=3 / len(groups) + 0.05)


def test_the_same_seed_gives_the_same_roles_in_any_order_of_drugs():
    groups = drugs([1] * 40)
    one = split_drugs(groups, folds=5, **SHARES, rng=np.random.default_rng(0))
    turned = split_drugs(groups[::-1], folds=5, **SHARES, rng=np.random.default_rng(0))
    assert one.equals(turned.loc[one.index])
    other = split_drugs(groups, folds=5, **SHARES, rng=np.random.default_rng(1))
    assert not one.equals(other)


@pytest.mark.parametrize("sizes", [[5, 5], [1, 1, 1, 1], [50, 1, 1, 1, 1, 1]])
def test_too_few_groups_are_refused(sizes):
    with pytest.raises(LacunaError, match="retrieval: split: "):
        split_drugs(drugs(sizes), folds=5, **SHARES, rng=np.random.default_rng(0))


def test_a_well_has_a_role_where_its_drug_and_its_line_have_the_same():
    wells = pd.DataFrame({"drug": list("aabbcc"), "cell": ["X", "Z", "X", "Z", "X", "Z"]})
    role = pd.Series({"a": TRAINING, "b": VALIDATION, "c": TEST})
    found = well_roles(wells, role, {TRAINING: ["X"], VALIDATION: ["X"], TEST: ["Z"]})
    assert found.tolist() == [TRAINING, UNUSED, VALIDATION, UNUSED, UNUSED, TEST]
