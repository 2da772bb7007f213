"""The losses of the coordinated model, each against numbers written by hand or its definition."""

import numpy as np
import pytest
import torch
from scipy.linalg import fractional_matrix_power
from scipy.spatial.distance import cosine as one_minus_cosine

from lacuna.retrieval.alignment.losses import Margin, Places, cca, distance

# With beta 1 and margin 1/2, pairs of one compound cost D - 1/2 and others 3/2 - D, if above 0.
LOSS = Margin(beta=1.0, margin=0.5)


def points(*rows):
    return torch.tensor(rows, dtype=torch.float32)


# Of the first quadruple, D(gA, mA) = 1.2, D(gA, mB) = 0.8, D(mA, gB) = 1.1, D(gA, gB) > 1.5 and
# D(gB, mB) = (1.2^2 + 0.3^2)^0.5; nothing is left to learn of the second.
AT = Places(
    g=points([0, 0], [0, 0]),
    m=points([1.2, 0], [0, 0]),
    other_g=points([1.2, 1.1], [5, 0]),
    other_m=points([0, 0.8], [5, 0]),
    same_g=points([0, 0.9], [0, 0]),
    has_same=torch.tensor([True, True]),
)


def test_a_pair_costs_what_is_beyond_the_boundary_and_the_margin():
    one, two = points([0, 0], [0, 0], [0, 0]), points([0.3, 0], [0.8, 0], [1.7, 0])
    assert LOSS.pair(one, two, 1).tolist() == pytest.approx([0, 0.3, 1.2], abs=1e-5)
    assert LOSS.pair(one, two, -1).tolist() == pytest.approx([1.2, 0.7, 0], abs=1e-5)
    wider = Margin(beta=1.3, margin=0.5)
    assert wider.pair(one, two, 1).tolist() == pytest.approx([0, 0, 0.9], abs=1e-5)
    assert wider.pair(one, two, -1).tolist() == pytest.approx([1.5, 1.0, 0.1], abs=1e-5)


def test_a_triplet_is_the_sum_of_its_pairs_by_the_number_of_active_triplets():
    # 0.7 + 0.7, and the second triplet has no loss: one is active.
    assert float(LOSS.triplet(AT.g, AT.m, AT.other_m)) == pytest.approx(1.4, abs=1e-5)
    # Active by the positive alone, by the negative alone, by both, by neither: 3 are.
    anchor = torch.zeros(4, 2)
    positive, negative = (
        points([1, 0], [0, 0], [1, 0], [0, 0]),
        points([2, 0], [1, 0], [1, 0], [2, 0]),
    )
    expected = (0.5 + 0.5 + (0.5 + 0.5)) / 3
    assert float(LOSS.triplet(anchor, positive, negative)) == pytest.approx(expected, abs=1e-5)


def test_the_quadruplet_of_the_code_counts_its_pair_twice_and_leaves_out_the_other():
    assert float(LOSS.quadruplet_code(AT)) == pytest.approx((0.7 + 0.7) + (0.7 + 0.4), abs=1e-5)


def test_the_quadruplet_of_the_paper_is_all_four_pairs():
    expected = 0.7 + 0.7 + 0.4 + (1.2**2 + 0.3**2) ** 0.5 - 0.5
    assert float(LOSS.quadruplet_paper(AT)) == pytest.approx(expected, abs=1e-5)


def test_the_triplet_of_profiles_leaves_out_anchors_without_a_second_profile():
    # D(gA, other profile) = 0.9.
    assert float(LOSS.profiles_only(AT)) == pytest.approx(0.4, abs=1e-5)
    alone = Places(AT.g, AT.m, AT.other_g, AT.other_m, AT.same_g, torch.tensor([False, True]))
    assert float(LOSS.profiles_only(alone)) == 0
    nobody = Places(AT.g, AT.m, AT.other_g, AT.other_m, AT.same_g, torch.tensor([False, False]))
    assert float(LOSS.profiles_only(nobody)) == 0


@pytest.mark.parametrize("name", ["quadruplet_code", "quadruplet_paper", "profiles_only"])
def test_where_no_triplet_is_active_the_loss_is_zero_and_so_is_its_slope(name):
    near = torch.zeros(3, 2, requires_grad=True)
    far = torch.full((3, 2), 9.0)
    at = Places(near, near * 1, far, far, near * 1, torch.ones(3, dtype=torch.bool))
    loss = getattr(LOSS, name)(at)
    loss.backward()
    assert float(loss.detach()) == 0
    assert near.grad is not None
    assert (near.grad == 0).all()


@pytest.mark.parametrize("kind", ["euclidean", "correlation", "cosine"])
def test_distances_are_those_of_scipy(kind):
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 5, 7))
    found = distance(torch.tensor(one), torch.tensor(two), kind).numpy()
    expected = [
        {
            "euclidean": np.linalg.norm(a - b),
            "correlation": 1 - np.corrcoef(a, b)[0, 1],
            "cosine": one_minus_cosine(a, b),
        }[kind]
        for a, b in zip(one, two, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["euclidean", "correlation", "cosine"])
def test_distances_of_constant_and_equal_rows_are_numbers_with_slopes(kind):
    rows = torch.ones(3, 4, requires_grad=True)
    found = distance(rows, torch.zeros(3, 4), kind) + distance(rows, rows.detach(), kind)
    found.sum().backward()
    assert torch.isfinite(found).all()
    assert torch.isfinite(rows.grad).all()


def test_the_cca_loss_is_minus_the_sum_of_the_canonical_correlations():
    rng = np.random.default_rng(1)
    one = rng.normal(size=(50, 4))
    two = one @ rng.normal(size=(4, 4)) + rng.normal(size=(50, 4))
    both = np.cov(one.T, two.T)
    ridge = 1e-4 * np.eye(4)
    left, right = (
        fractional_matrix_power(part + ridge, -0.5) for part in (both[:4, :4], both[4:, 4:])
    )
    expected = -np.linalg.svd(left @ both[:4, 4:] @ right, compute_uv=False).sum()
    assert float(cca(torch.tensor(one), torch.tensor(two))) == pytest.approx(expected, rel=1e-6)


def test_the_cca_loss_has_slopes_where_correlations_are_equal_or_batches_small():
    for rows in (1, 2, 3, 40):
        torch.manual_seed(rows)
        one = torch.randn(rows, 5, requires_grad=True)
        loss = cca(one, one * 2)  # all canonical correlations are equal
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(one.grad).all()
        assert -5 <= float(loss.detach()) <= 0
    assert float(loss.detach()) == pytest.approx(-5, abs=1e-2)
