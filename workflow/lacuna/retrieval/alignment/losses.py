"""Losses of the coordinated model, each against its definition.

g is the place of a profile, m that of a molecule, A the anchor's compound and B another one. The
base of most is the margin loss of Wu et al. 2017 (https://doi.org/10.1109/ICCV.2017.309), with the
distance D, the boundary beta and the margin alpha, and y = 1 for a pair of one compound and -1 for
one of two::

    (alpha + y (D - beta))_+

Where nothing is left to learn (no triplet is active), a loss is 0.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import cosine_similarity, pairwise_distance, relu

EUCLIDEAN, CORRELATION, COSINE = DISTANCES = ("euclidean", "correlation", "cosine")
EPSILON = 1e-6  # added to each difference, as the authors' layer does: no infinite slope at 0
RIDGE = 1e-4  # r1 = r2 of the CCA loss, on both covariances
TRIPLET_WEIGHT = 2  # beside the CCA loss


@dataclass(frozen=True)
class Places:
    """Where the members of a batch of quadruples lie, each of shape (batch, dimensions).

    Attributes
    ----------
    g, m : tensor
        The anchor's profile and its molecule.
    other_g, other_m : tensor
        A profile of another compound, and that.
    same_g : tensor or None
        Another profile of the anchor's compound, of another line where there is one.
    has_same : bool tensor of shape (batch,) or None
        Whether there is such a profile; elsewhere `same_g` means nothing.
    """

    g: torch.Tensor
    m: torch.Tensor
    other_g: torch.Tensor
    other_m: torch.Tensor
    same_g: torch.Tensor | None = None
    has_same: torch.Tensor | None = None


@dataclass(frozen=True)
class Margin:
    """The margin loss: its boundary, its margin and its distance, one of `DISTANCES`."""

    beta: float
    margin: float
    distance: str = EUCLIDEAN

    def pair(self, one: torch.Tensor, two: torch.Tensor, y: int) -> torch.Tensor:
        """Return the loss of each pair, of shape (batch,)."""
        return relu(self.margin + y * (distance(one, two, self.distance) - self.beta))

    def triplet(
        self, anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor
    ) -> torch.Tensor:
        """Return the sum over both pairs of all triplets, by the number of active triplets.

        A triplet is active when one of its pairs has a loss.
        """
        return _by_active(self.pair(anchor, positive, 1), self.pair(anchor, negative, -1))

    def quadruplet_code(self, at: Places) -> torch.Tensor:
        """Return the authors' code: two triplets, so (gA, mA) counts twice and (gB, mB) not."""
        return self.triplet(at.g, at.m, at.other_m) + self.triplet(at.m, at.g, at.other_g)

    def quadruplet_paper(self, at: Places) -> torch.Tensor:
        """Return the paper's formula: all four pairs of a profile and a molecule."""
        return _by_active(
            self.pair(at.g, at.m, 1),
            self.pair(at.g, at.other_m, -1),
            self.pair(at.other_g, at.m, -1),
            self.pair(at.other_g, at.other_m, 1),
        )

    def profiles_only(self, at: Places) -> torch.Tensor:
        """Return the triplets of three profiles, of anchors with a second profile only."""
        assert at.same_g is not None
        assert at.has_same is not None
        chosen = at.has_same
        return self.triplet(at.g[chosen], at.same_g[chosen], at.other_g[chosen])


def distance(one: torch.Tensor, two: torch.Tensor, kind: str) -> torch.Tensor:
    """Return the distance between each row of one and the same row of the other.

    Correlation and cosine are 1 minus those, and 1 where a row has none.
    """
    if kind == EUCLIDEAN:
        return pairwise_distance(one, two, eps=EPSILON)
    if kind == CORRELATION:
        one, two = (rows - rows.mean(dim=1, keepdim=True) for rows in (one, two))
    return 1 - cosine_similarity(one, two, eps=EPSILON)


def _by_active(*pairs: torch.Tensor) -> torch.Tensor:
    """Add up the losses of the pairs of triplets (or quadruplets), by how many of these have one.

    Parameters
    ----------
    *pairs : tensor of shape (batch,)
        The losses of one pair of each.
    """
    total = torch.stack(pairs)
    active = (total > 0).any(dim=0).sum()
    return total.sum() / active.clamp_min(1)


def cca(one: torch.Tensor, two: torch.Tensor, ridge: float = RIDGE) -> torch.Tensor:
    """Return minus the sum of the canonical correlations (Andrew et al. 2013, ICML).

    The authors of the retrieval take the root of the sum of their squares.

    Parameters
    ----------
    one, two : tensor of shape (batch, dimensions)
    ridge
        Added to the variances, so that a batch smaller than the space has an answer, too.
    """
    if len(one) < 2:
        return (one.sum() + two.sum()) * 0
    one, two = (rows.double() - rows.double().mean(dim=0) for rows in (one, two))
    eye = ridge * torch.eye(one.shape[1], dtype=one.dtype, device=one.device)
    between = one.T @ two / (len(one) - 1)
    # Whitened by Cholesky factors: the same singular values as with the symmetric roots, whose
    # slopes are infinite where two eigenvalues are equal.
    left, right = (
        torch.linalg.cholesky(rows.T @ rows / (len(rows) - 1) + eye) for rows in (one, two)
    )
    half = torch.linalg.solve_triangular(left, between, upper=False)
    whitened = torch.linalg.solve_triangular(right, half.T, upper=False)
    return -torch.linalg.svdvals(whitened).sum().float()
