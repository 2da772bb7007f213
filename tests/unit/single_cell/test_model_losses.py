"""Losses of the network are what is written out, or what other libraries say."""

import numpy as np
import pytest
import torch
from scipy.stats import nbinom

from lacuna.single_cell.model import losses
from lacuna.single_cell.model.network import Adversary
from lacuna.single_cell.model.predicting import COUNTS_SUMMED, expression_of_counts

RNG = np.random.default_rng(0)


def tensor(*shape, positive=False):
    values = RNG.normal(size=shape)
    return torch.from_numpy(np.abs(values) + 0.1 if positive else values)


def test_the_gaussian_loss_is_as_written_out_and_variances_have_a_floor():
    mean, rows, variance = tensor(5, 4), tensor(5, 4), tensor(5, 4, positive=True)
    variance[2, 1] = 1e-9
    total = 0.0
    for cell in range(5):
        for gene in range(4):
            v = max(float(variance[cell, gene]), 1e-6)
            error = float(rows[cell, gene] - mean[cell, gene])
            total += 0.5 * (np.log(v) + error**2 / v)
    assert float(losses.gaussian(mean, variance, rows)) == pytest.approx(total / 20)


def test_the_loss_of_counts_is_that_of_scipy():
    mean, dispersion = tensor(6, 3, positive=True) * 20, tensor(6, 3, positive=True) * 4
    counts = torch.from_numpy(RNG.integers(0, 40, (6, 3)).astype(float))
    r, m = dispersion.numpy(), mean.numpy()
    expected = -nbinom.logpmf(counts.numpy(), r, r / (r + m)).mean()
    assert float(losses.negative_binomial(mean, dispersion, counts)) == pytest.approx(expected)
    nothing = losses.negative_binomial(mean * 0, dispersion * 0, counts)
    assert torch.isfinite(nothing)


def adversary(classes=7):
    torch.manual_seed(1)
    return Adversary([4, 6, 6, classes]).double().train()


@pytest.mark.parametrize("kind", ["squares", "norm"])
def test_the_penalty_is_the_slope_by_finite_differences(kind):
    """Of all outputs' sum, since with BatchNorm one cell's state moves the others' outputs."""
    network, basal, step = adversary(), tensor(5, 4), 1e-5
    slope = np.zeros((5, 4))
    for cell in range(5):
        for dimension in range(4):
            ends = []
            for side in (1, -1):
                moved = basal.clone()
                moved[cell, dimension] += side * step
                with torch.no_grad():
                    ends.append(float(network(moved)[0].sum()))
            slope[cell, dimension] = (ends[0] - ends[1]) / (2 * step)
    expected = (slope**2).mean() if kind == "squares" else np.sqrt((slope**2).sum(axis=1)).mean()
    basal.requires_grad_()
    found = losses.gradient_penalty(network(basal)[1], basal, kind)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    assert abs(expected) > 1e-4
    assert found.requires_grad  # the adversary learns from it


def test_the_sum_of_outputs_and_its_slope_are_those_of_all_classes():
    network = adversary(classes=50)
    basal = tensor(5, 4).requires_grad_()
    outputs, summed = network(basal)
    torch.testing.assert_close(summed, outputs.sum(dim=1))
    whole = losses.gradient_penalty(outputs.sum(dim=1), basal, "squares")
    short = losses.gradient_penalty(summed, basal, "squares")
    torch.testing.assert_close(short, whole)
    weights = [weight for weight in network.parameters() if weight.ndim == 2]
    one, other = (torch.autograd.grad(each, weights, retain_graph=True) for each in (whole, short))
    for mine, theirs in zip(one, other, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_adversaries_lose_by_one_class_or_by_several():
    outputs = tensor(3, 4)
    drug = torch.tensor([2, 0, 3])
    log_share = outputs - torch.logsumexp(outputs, dim=1, keepdim=True)
    expected = -np.mean([float(log_share[cell, drug[cell]]) for cell in range(3)])
    assert float(losses.cross_entropy(outputs, drug)) == pytest.approx(expected)
    drugs = torch.tensor([[2, -1], [0, 3], [-1, -1]])
    wanted = np.array([[0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]])
    share = 1 / (1 + np.exp(-outputs.numpy()))
    expected = -np.mean(wanted * np.log(share) + (1 - wanted) * np.log(1 - share))
    assert float(losses.multi_label(outputs, drugs)) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [0.02, 1.0, 30.0])
def test_expression_of_counts_is_the_sum_over_all_counts(scale):
    """Far above the counts that are added up one by one, to a hundredth."""
    for mean, dispersion in ((0.05, 0.3), (2.0, 5.0), (15.0, 1.0), (30.0, 10.0), (400.0, 20.0)):
        counts = np.arange(20_000)
        weight = nbinom.pmf(counts, dispersion, dispersion / (dispersion + mean))
        level = np.log1p(scale * counts)
        first = (weight * level).sum()
        second = (weight * (level - first) ** 2).sum()
        found = expression_of_counts(
            torch.tensor([[mean]]), torch.tensor([[dispersion]]), torch.tensor([[scale]])
        )
        beyond = weight[COUNTS_SUMMED:].sum()
        assert float(found[0]) == pytest.approx(first, abs=2e-3 + 0.02 * beyond)
        assert float(found[1]) == pytest.approx(second, rel=0.01 + 0.12 * beyond, abs=1e-4)
