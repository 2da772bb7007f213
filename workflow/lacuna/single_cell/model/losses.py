"""Losses of the network: likelihoods of expression and of counts, and what adversaries pay.

Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545, section 3.
"""

import torch
from torch import Tensor
from torch.nn import functional

LEAST_VARIANCE = 1e-6
LEAST_MEAN = 1e-8  # of counts, whose logarithm is taken


def gaussian(mean: Tensor, variance: Tensor, rows: Tensor) -> Tensor:
    """Return the mean of (log v + (x - m)^2 / v) / 2 over cells and genes, v at least 1e-6."""
    variance = variance.clamp(min=LEAST_VARIANCE)
    return (variance.log() + (rows - mean) ** 2 / variance).mean() / 2


def negative_binomial(mean: Tensor, dispersion: Tensor, counts: Tensor) -> Tensor:
    """Return the mean negative log-likelihood of counts over cells and genes.

    Parameters
    ----------
    mean : tensor of shape (cells, genes)
    dispersion : tensor of the same shape
        The inverse overdispersion r: the variance is mean + mean^2 / r.
    counts : tensor of the same shape
    """
    mean, dispersion = mean.clamp(min=LEAST_MEAN), dispersion.clamp(min=LEAST_MEAN)
    both = (dispersion + mean).log()
    said = (
        torch.lgamma(counts + dispersion)
        - torch.lgamma(dispersion)
        - torch.lgamma(counts + 1)
        + dispersion * (dispersion.log() - both)
        + counts * (mean.log() - both)
    )
    return -said.mean()


def gradient_penalty(summed: Tensor, basal: Tensor, kind: str) -> Tensor:
    """Return what the adversary pays for the slope of its outputs' sum.

    Parameters
    ----------
    summed : tensor of shape (cells,)
        Of each cell, the sum of outputs over classes.
    basal : tensor of shape (cells, dimensions)
        From which they were made.
    kind
        squares: mean of squares over cells and dimensions, as the authors' code has it. norm: mean
        over cells of the L2 norm, as the paper says.
    """
    (slope,) = torch.autograd.grad(summed.sum(), basal, create_graph=True)
    if kind == "squares":
        return (slope**2).mean()
    return torch.linalg.vector_norm(slope, dim=1).mean()


def cross_entropy(outputs: Tensor, drug: Tensor) -> Tensor:
    """Return the cross-entropy of one class each, numbers of shape (cells,)."""
    return functional.cross_entropy(outputs, drug)


def multi_label(outputs: Tensor, drugs: Tensor) -> Tensor:
    """Return the binary cross-entropy of all classes; drugs of shape (cells, k), -1 for none."""
    wanted = torch.zeros_like(outputs)
    row, column = (drugs >= 0).nonzero(as_tuple=True)
    wanted[row, drugs[row, column]] = 1.0
    return functional.binary_cross_entropy_with_logits(outputs, wanted)
