"""From latent states to mean and variance of expression, of cells and of conditions."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.losses import LEAST_MEAN, LEAST_VARIANCE
from lacuna.single_cell.model.network import Network

CELLS_AT_ONCE = 4096
COUNTS_AT_ONCE = 512  # cells, where probabilities of counts are added up
COUNTS_SUMMED = 48  # counts from there on are taken together


@dataclass(frozen=True)
class Basal:
    """Latent basal states of cells.

    Attributes
    ----------
    latent : tensor of shape (cells, dimensions)
    library : tensor of shape (cells,) or None
        Counts of each; None where nobody counts.
    scale : tensor of shape (cells,) or None
        What a count is multiplied by before log1p.
    """

    latent: Tensor
    library: Tensor | None = None
    scale: Tensor | None = None

    def some(self, chosen: "np.ndarray | Tensor") -> "Basal":
        """Return some of the cells."""
        at = torch.as_tensor(chosen, device=self.latent.device)
        library = None if self.library is None else self.library[at]
        return Basal(self.latent[at], library, None if self.scale is None else self.scale[at])


def basal_of(network: Network, base: Base, device: str, typical_library: float = 0.0) -> Basal:
    """Encode cells, with what was learnt of BatchNorm.

    Parameters
    ----------
    network
        In evaluation mode.
    base
        Cells; without counts, each has `typical_library`.
    """
    rows = torch.from_numpy(np.ascontiguousarray(base.rows, np.float32))
    with torch.no_grad():
        parts = [network.basal(part.to(device)) for part in rows.split(CELLS_AT_ONCE)]
    latent = torch.cat(parts)
    if network.settings.likelihood != "negative_binomial":
        return Basal(latent)
    counts = np.full(len(rows), typical_library) if base.library is None else base.library
    library = torch.from_numpy(np.maximum(counts, 1).astype(np.float32)).to(device)
    level = rows.expm1().sum(dim=1).to(device)  # normalised counts of these genes
    return Basal(latent, library, level / library)


def moments(network: Network, latent: Tensor, cells: Basal) -> tuple[Tensor, Tensor]:
    """Return mean and variance of expression, tensors of shape (cells, genes).

    Parameters
    ----------
    network
        In evaluation mode.
    latent
        z' of each cell.
    cells
        The same cells; of a model of counts, their counts decide how a share becomes expression.
    """
    first, second = network.decode(latent)
    if cells.library is None or cells.scale is None:
        return first, second.clamp(min=LEAST_VARIANCE)
    return expression_of_counts(first * cells.library[:, None], second, cells.scale[:, None])


def expression_of_counts(mean: Tensor, dispersion: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance of log(1 + scale k), where k is negative binomial.

    Probabilities of the first counts are added up; the rest is taken as one point, its mean, with
    the second-order correction of the logarithm there.

    Parameters
    ----------
    mean, dispersion : tensors of shape (cells, genes)
    scale : tensor of shape (cells, 1)
    """
    mean, dispersion = mean.clamp(min=LEAST_MEAN), dispersion.clamp(min=LEAST_MEAN)
    share = mean / (mean + dispersion)
    probability = torch.exp(dispersion * torch.log1p(-share))
    left, left_mean = 1 - probability, mean.clone()
    left_square = mean + mean**2 / dispersion + mean**2
    first, second = torch.zeros_like(mean), torch.zeros_like(mean)
    for count in range(1, COUNTS_SUMMED):
        probability = probability * share * ((count - 1 + dispersion) / count)
        level = torch.log1p(count * scale)
        first += probability * level
        second += probability * level**2
        left = left - probability
        left_mean = left_mean - count * probability
        left_square = left_square - count**2 * probability
    # What is left by rounding alone is nothing.
    there = (left > 1e-5) & (left_mean > left)
    weight = torch.where(there, left, 0)
    at = torch.where(there, left_mean / left.clamp(min=1e-5), COUNTS_SUMMED)
    spread = torch.where(there, left_square / left.clamp(min=1e-5) - at**2, 0).clamp(min=0)
    slope = scale / (1 + scale * at)
    level = torch.log1p(scale * at) - spread * slope**2 / 2
    first += weight * level
    second += weight * (level**2 + spread * slope**2)
    return first, (second - first**2).clamp(min=LEAST_VARIANCE)


def over_cells(
    network: Network, cells: Basal, chosen: np.ndarray, shift: Tensor, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of a condition, of shape (genes,), over the cells it starts from.

    Parameters
    ----------
    network
        In evaluation mode.
    cells
        Where it may start from.
    chosen
        Numbers of those where it does.
    shift : tensor of shape (dimensions,)
        z_d + z_c.
    kind
        mean: mean of the predicted variances. total: that and the variance of predicted means over
        cells, as the variance of all cells together is.
    """
    total = np.zeros((3, network.sizes.genes))
    at_once = CELLS_AT_ONCE if cells.library is None else COUNTS_AT_ONCE
    with torch.no_grad():
        for part in torch.from_numpy(chosen).split(at_once):
            some = cells.some(part)
            mean, variance = moments(network, some.latent + shift, some)
            parts = (mean, variance, mean**2)
            sums = [values.sum(dim=0, dtype=torch.float64) for values in parts]
            total += torch.stack(sums).cpu().numpy()
    mean, variance, square = total / len(chosen)
    if kind == "total":
        variance = variance + np.maximum(square - mean**2, 0)
    return mean, variance


def drawn(network: Network, cells: Basal, shift: Tensor, rng: np.random.Generator) -> np.ndarray:
    """Draw a cell from what is predicted for each of some cells, float32 (cells, genes)."""
    with torch.no_grad():
        first, second = (
            values.cpu().numpy().astype(np.float64)
            for values in network.decode(cells.latent + shift)
        )
    if cells.library is None or cells.scale is None:
        deviation = np.sqrt(np.maximum(second, LEAST_VARIANCE))
        return (first + deviation * rng.standard_normal(first.shape)).astype(np.float32)
    library, scale = (values.cpu().numpy()[:, None] for values in (cells.library, cells.scale))
    mean, dispersion = np.maximum(first * library, LEAST_MEAN), np.maximum(second, LEAST_MEAN)
    counts = rng.poisson(rng.gamma(dispersion, mean / dispersion))
    return np.log1p(scale * counts).astype(np.float32)
