"""Losses whose negatives are the other compounds of the batch; miners of pytorch-metric-learning.

Each molecule stands in a batch once; profiles look for theirs among molecules, and molecules for
theirs among profiles: a loss is the mean of both ways. A stereo twin is neither right nor wrong.
Without another compound in the batch, a loss is 0.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import normalize, softplus

from lacuna.retrieval.alignment.extras import optional
from lacuna.retrieval.alignment.losses import CORRELATION, EUCLIDEAN, Margin


@dataclass(frozen=True)
class Batch:
    """Where the profiles and the molecules of a batch lie.

    Attributes
    ----------
    g : tensor of shape (batch, dimensions)
    m : tensor of shape (molecules, dimensions)
        Each molecule once.
    compound : int tensor of shape (batch,)
        The row of `m` that each profile belongs to.
    group : int tensor of shape (molecules,)
        Equal for stereo twins.
    """

    g: torch.Tensor
    m: torch.Tensor
    compound: torch.Tensor
    group: torch.Tensor

    def is_own(self) -> torch.Tensor:
        """Return whether each molecule is that of each profile, of shape (batch, molecules)."""
        return self.compound[:, None] == torch.arange(len(self.m), device=self.m.device)

    def is_other(self) -> torch.Tensor:
        """Return the same for another compound that is no stereo twin."""
        return self.group[self.compound][:, None] != self.group


def contrastive(at: Batch, temperature: float) -> torch.Tensor:
    """Return the contrastive loss (InfoNCE, NT-Xent; Oord et al. 2018, Chen et al. 2020).

    Of a profile: minus the log of exp(cosine / temperature) with its molecule, by the sum of that
    and the same with all other molecules of the batch. Of a molecule: the same for each of its
    profiles, against all profiles of other molecules. pytorch-metric-learning's gives the same
    numbers, but makes a matrix of all right pairs by all wrong ones.
    """
    alike = normalize(at.g) @ normalize(at.m).T / temperature
    nothing = torch.finfo(alike.dtype).min / 4  # exp of it is 0, and its slope a number
    own = at.is_own()
    others = torch.where(at.is_other(), alike, nothing)
    right = alike[own]  # in the order of profiles, each of which has one molecule
    forth = softplus(others.logsumexp(dim=1) - right)
    back = softplus(others.logsumexp(dim=0)[at.compound] - right)
    return (forth.mean() + back.mean()) / 2


def batch_margin(at: Batch, margin: Margin) -> torch.Tensor:
    """Return the margin loss, its negatives drawn by the inverse density of their distance.

    It is the sum over triplets by the number of pairs that have a loss (Wu et al. 2017,
    https://doi.org/10.1109/ICCV.2017.309).
    """
    make = _metric_learning("losses").MarginLoss
    loss = make(margin=margin.margin, beta=margin.beta, distance=_distance(margin))
    return _both_ways(at, margin, loss, _metric_learning("miners").DistanceWeightedMiner())


def batch_triplet(at: Batch, margin: Margin) -> torch.Tensor:
    """Return the triplet loss over negatives that are further away, but within the margin.

    It is the mean of (D(positive) - D(negative) + margin)_+ over triplets that have a loss
    (semi-hard negatives; Schroff et al. 2015, https://doi.org/10.1109/CVPR.2015.7298682).
    """
    distance, losses = _distance(margin), _metric_learning("losses")
    loss = losses.TripletMarginLoss(margin=margin.margin, distance=distance)
    miner = _metric_learning("miners").TripletMarginMiner(
        margin.margin, type_of_triplets="semihard", distance=distance
    )
    return _both_ways(at, margin, loss, miner)


def _metric_learning(part: str) -> Any:
    return optional(f"pytorch_metric_learning.{part}", "retrieval: a loss within the batch")


def _both_ways(at: Batch, margin: Margin, loss: Any, miner: Any) -> torch.Tensor:
    """Return the mean of the loss of profiles among molecules and of molecules among profiles."""
    g, m = (_scaled(rows, margin.distance) for rows in (at.g, at.m))
    labels = at.group[at.compound], at.group
    total = torch.zeros((), device=g.device)
    for ways, (one, two) in enumerate((labels, labels[::-1])):
        anchors, others = (g, m) if ways == 0 else (m, g)
        with torch.no_grad():
            anchor, positive, negative = miner(anchors, one, others, two)
        own = at.is_own() if ways == 0 else at.is_own().T
        kept = own[anchor, positive]  # a twin is no positive
        triplets = anchor[kept], positive[kept], negative[kept]
        total = total + loss(anchors, ref_emb=others, indices_tuple=triplets) / 2
    return total


def _distance(margin: Margin) -> Any:
    power = 1 if margin.distance == EUCLIDEAN else 2
    return _metric_learning("distances").LpDistance(normalize_embeddings=False, power=power)


def _scaled(rows: torch.Tensor, distance: str) -> torch.Tensor:
    """Return rows whose squared Euclidean distance is 1 minus the cosine, or the correlation."""
    if distance == EUCLIDEAN:
        return rows
    if distance == CORRELATION:
        rows = rows - rows.mean(dim=1, keepdim=True)
    return normalize(rows) * 0.5**0.5
