"""Losses within the batch, against their formulas in plain loops and the library's own."""

import math

import pytest
import torch

pytest.importorskip("pytorch_metric_learning", reason="pip install 'lacuna[retrieval]'")
from pytorch_metric_learning.losses import NTXentLoss

from lacuna.errors import LacunaError
from lacuna.retrieval.alignment.extras import optional
from lacuna.retrieval.alignment.losses import Margin
from lacuna.retrieval.alignment.miners import (
    Batch,
    _scaled,
    batch_margin,
    batch_triplet,
    contrastive,
)
from lacuna.retrieval.measures import distances_between

COMPOUND = torch.tensor([0, 0, 1, 2, 2, 3])


def batch(group=(0, 1, 2, 3)):
    torch.manual_seed(0)
    g, m = torch.randn(6, 5, requires_grad=True), torch.randn(4, 5, requires_grad=True)
    return Batch(g, m, COMPOUND, torch.tensor(group))


def plain_contrastive(at, temperature):
    cosines = torch.cosine_similarity(at.g[:, None], at.m, dim=2).tolist()

    def alike(profile, molecule):
        return math.exp(cosines[profile][molecule] / temperature)

    own, group = at.compound.tolist(), at.group.tolist()
    forth, back = [], []
    for profile, molecule in enumerate(own):
        right = alike(profile, molecule)
        others = [m for m in range(len(at.m)) if group[m] != group[molecule]]
        forth.append(-math.log(right / (right + sum(alike(profile, m) for m in others))))
        others = [p for p in range(len(own)) if group[own[p]] != group[molecule]]
        back.append(-math.log(right / (right + sum(alike(p, molecule) for p in others))))
    return (sum(forth) + sum(back)) / (2 * len(own))


@pytest.mark.parametrize("group", [(0, 1, 2, 3), (0, 1, 0, 3)])
def test_the_contrastive_loss_is_its_formula(group):
    at = batch(group)
    assert float(contrastive(at, 0.5).detach()) == pytest.approx(
        plain_contrastive(at, 0.5), rel=1e-5
    )


def test_the_contrastive_loss_and_its_slopes_are_those_of_the_library():
    at, temperature = batch(), 0.2
    theirs, labels = NTXentLoss(temperature), torch.arange(4)
    forth = theirs(at.g, at.compound, ref_emb=at.m, ref_labels=labels)
    back = theirs(at.m, labels, ref_emb=at.g, ref_labels=at.compound)
    expected, found = (forth + back) / 2, contrastive(at, temperature)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    for side in (at.g, at.m):
        wanted, slopes = (
            torch.autograd.grad(loss, side, retain_graph=True)[0] for loss in (expected, found)
        )
        torch.testing.assert_close(slopes, wanted, rtol=1e-4, atol=1e-6)


# gA = (1, 0), mA = (1, 0.2), gB = (0.6, 0.8), mB = (0.5, 0.8): the only other one is the negative.
G, M = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[1.0, 0.2], [0.5, 0.8]])
PAIRS = [(a, b, a == b) for a in range(2) for b in range(2)]
TWO = Batch(G, M, torch.arange(2), torch.arange(2))


def between(a, b):
    return float(torch.linalg.norm(G[a] - M[b]))


def test_the_margin_loss_in_the_batch_is_its_formula_by_active_pairs():
    beta, margin = 0.5, 0.35
    costs = [max(0, margin + (1 if same else -1) * (between(a, b) - beta)) for a, b, same in PAIRS]
    # Both ways draw each pair of one compound once, and each pair of two.
    expected = sum(costs) / sum(cost > 0 for cost in costs)
    assert 0 < sum(cost > 0 for cost in costs) < 4
    found = batch_margin(TWO, Margin(beta, margin))
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("group", [(0, 1, 2, 3), (0, 1, 0, 3)])
def test_the_triplet_loss_in_the_batch_is_its_formula_over_semi_hard_triplets(group):
    at, margin, ways = batch(group), 1.0, []
    apart, own = torch.cdist(at.g, at.m).tolist(), at.compound.tolist()
    pairs = [(profile, own[profile]) for profile in range(len(own))]
    for forth in (True, False):
        costs = []
        for profile, molecule in pairs:
            near = apart[profile][molecule]
            if forth:
                others = [apart[profile][m] for m in range(4) if group[m] != group[molecule]]
            else:
                others = [apart[p][molecule] for p, m in pairs if group[m] != group[molecule]]
            costs += [near - far + margin for far in others if near < far <= near + margin]
        ways.append(sum(costs) / len(costs))
    found = batch_triplet(at, Margin(beta=0, margin=margin)).detach()
    assert float(found) == pytest.approx(sum(ways) / 2, rel=1e-5)


@pytest.mark.parametrize("distance", ["correlation", "cosine"])
def test_scaled_rows_are_as_far_apart_as_the_distance_says(distance):
    rows = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 1
    scaled = _scaled(rows, distance)
    found = torch.cdist(scaled, scaled).square().numpy()
    assert found == pytest.approx(distances_between(rows.numpy(), rows.numpy(), distance), abs=1e-9)


@pytest.mark.parametrize("distance", ["euclidean", "correlation", "cosine"])
@pytest.mark.parametrize("loss", [batch_margin, batch_triplet])
def test_a_twin_is_neither_right_nor_wrong(loss, distance):
    margin, at = Margin(1.0, 0.5, distance), batch()
    twins = Batch(at.g[:3], at.m[:2], torch.tensor([0, 0, 1]), torch.tensor([7, 7]))
    assert float(loss(twins, margin).detach()) == 0


@pytest.mark.parametrize("loss", [batch_margin, batch_triplet, contrastive])
def test_a_batch_of_one_compound_has_no_loss_and_no_slope_that_is_no_number(loss):
    at = Batch(batch().g[:2], batch().m[:1], torch.tensor([0, 0]), torch.tensor([0]))
    found = loss(at, 0.1) if loss is contrastive else loss(at, Margin(1.0, 0.5))
    assert float(found.detach()) == 0
    if found.requires_grad:
        assert all(
            torch.isfinite(slopes).all() for slopes in torch.autograd.grad(found, (at.g, at.m))
        )


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it():
    with pytest.raises(LacunaError, match=r"not-there.*pip install 'lacuna\[retrieval\]'"):
        optional("not_there.part", "retrieval: a loss")
