"""Networks that bring profiles and molecules into one space, and what molecules are read from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from lacuna.networks.training import fingerprint

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "selu": nn.SELU,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
# The authors' narrowest layer, and our widest: four layers that grow from 2,048 by e^1.1 each would
# end at 55,000 units, 4 GB of weights between the last two.
NARROWEST, WIDEST = 4, 4096


class MoleculeInput(Protocol):
    """Molecules as a trained encoder reads them: vectors that stand fast, or graphs.

    Attributes
    ----------
    width : int
        Values of a molecule that the encoder gives.
    digest : str
        Of all that the training depends on; another one does not go on from its checkpoint.
    """

    @property
    def width(self) -> int: ...

    @property
    def digest(self) -> str: ...

    def __len__(self) -> int: ...

    def batch(self, molecules: np.ndarray, device: str) -> Any:
        """Return what the encoder takes, of some molecules by their number, on a device."""

    def encoder(self) -> nn.Module:
        """Return a new encoder: a batch to (molecules, width). What it draws, PyTorch draws."""


class Vectors:
    """Molecules as vectors that stand fast: fingerprints, or what a pretrained encoder gave."""

    def __init__(self, vectors: np.ndarray) -> None:
        """Take vectors of shape (m, dimensions)."""
        self._rows = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        self._there = self._rows  # on the device of the last batch, so that it is copied once

    @property
    def width(self) -> int:
        return self._rows.shape[1]

    @property
    def digest(self) -> str:
        return fingerprint(self._rows.numpy())

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, molecules: np.ndarray, device: str) -> torch.Tensor:
        """Return their vectors."""
        if self._there.device.type != device:
            self._there = self._rows.to(device)
        return self._there[torch.from_numpy(molecules).to(device)]

    def encoder(self) -> nn.Module:
        """Return what leaves vectors as they are."""
        return nn.Identity()


class Batches(Protocol):
    """Molecules, featurised once, that give batches of which `to` makes a copy on a device."""

    def __len__(self) -> int: ...

    def batch(self, molecules: np.ndarray) -> Any:
        """Return some molecules by their number."""


@dataclass(frozen=True)
class Graphs:
    """Molecules as graphs, whose encoder is trained with the rest.

    Attributes
    ----------
    graphs : Batches
        For example `lacuna.structures.graphs.MoleculeGraphs`.
    make : callable
        Returns a new encoder, a module from a batch to (molecules, width).
    width : int
        Values of a molecule that the encoder gives.
    digest : str
        Of the structures and of the encoder's options; see `MoleculeInput`.
    """

    graphs: Batches
    make: Callable[[], nn.Module]
    width: int
    digest: str

    def __len__(self) -> int:
        return len(self.graphs)

    def batch(self, molecules: np.ndarray, device: str) -> Any:
        """Return some molecules, by their number, on a device."""
        return self.graphs.batch(molecules).to(device)

    def encoder(self) -> nn.Module:
        """Return a new encoder."""
        return self.make()


def grown(layers: int, base: int, growth: float) -> list[int]:
    """Return the widths of hidden layers that grow, or shrink, by a factor from one to the next."""
    return [int(min(max(base * growth**layer, NARROWEST), WIDEST)) for layer in range(layers)]


def layers_of(
    inputs: int,
    hidden: Sequence[int],
    dimensions: int,
    *,
    activation: str = "selu",
    bias: bool = False,
    dropout: float = 0.02,
) -> nn.Sequential:
    """Return linear layers, each but the last with its activation and dropout behind it.

    With SELU it is a self-normalising network (Klambauer et al. 2017,
    https://doi.org/10.48550/arXiv.1706.02515): first weights of variance 1 / inputs, and a dropout
    that keeps mean and variance. Other activations begin as PyTorch's layers do.

    Parameters
    ----------
    inputs, dimensions
        Values before the first and after the last layer.
    hidden
        Widths of the layers between, none for one linear map.
    activation
        One of `ACTIVATIONS`.
    bias
        Whether layers add a constant.
    dropout
        The share of values that training leaves out.
    """
    normalises = activation == "selu"
    parts: list[nn.Module] = []
    widths = [inputs, *hidden, dimensions]
    for before, after in pairwise(widths):
        linear = nn.Linear(before, after, bias=bias)
        if normalises:
            nn.init.normal_(linear.weight, std=before**-0.5)
            if bias:
                nn.init.zeros_(linear.bias)
        drop = nn.AlphaDropout(dropout) if normalises else nn.Dropout(dropout)
        parts += [linear, ACTIVATIONS[activation](), drop]
    return nn.Sequential(*parts[:-2])


class MoleculeEmbedder(nn.Module):
    """An encoder, and layers on it."""

    def __init__(self, encoder: nn.Module, layers: nn.Module) -> None:
        super().__init__()
        self.encoder, self.layers = encoder, layers

    def forward(self, batch: Any) -> torch.Tensor:
        """Bring a batch of `MoleculeInput` into the space, of shape (molecules, dimensions)."""
        return self.layers(self.encoder(batch))


def ranked_blocks(profiles: torch.Tensor, blocks: int) -> torch.Tensor:
    """Replace the values of each block of a profile by their ranks, of mean 0 and variance 1.

    Equal values share the mean of their ranks; a block of equal values becomes zeros.

    Parameters
    ----------
    profiles : tensor of shape (n, blocks * genes)
    blocks
        Blocks of equal width in a profile: control, treated and so on.
    """
    parts = profiles.reshape(len(profiles) * blocks, -1).contiguous()
    order = parts.sort(dim=1).values
    below = torch.searchsorted(order, parts, right=False)
    up_to = torch.searchsorted(order, parts, right=True)
    ranks = (below + up_to - parts.shape[1]).to(profiles.dtype)  # symmetric about 0
    deviation = ranks.square().mean(dim=1, keepdim=True).sqrt()
    return (ranks / deviation.clamp_min(1)).reshape(profiles.shape)
