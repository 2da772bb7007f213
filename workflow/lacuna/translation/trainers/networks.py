"""What the networks of both steps share: scales inside the model, weights as arrays."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lacuna.translation.interface import NotLinear, State

ROWS_AT_ONCE = 4096  # where nothing is learned


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each gene, of shape (genes,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Scale":
        """Measure training samples; a gene that does not vary keeps its units."""
        deviation = rows.std(axis=0, dtype=np.float64)
        mean = rows.mean(axis=0, dtype=np.float64)
        return cls(mean, np.where(deviation > 1e-6, deviation, 1.0))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Standardise."""
        return ((rows - self.mean) / self.deviation).astype(np.float32)

    def undo(self, rows: np.ndarray) -> np.ndarray:
        """Bring standardised values back to units."""
        return (rows * self.deviation + self.mean).astype(np.float32)


@dataclass(frozen=True)
class NetworkStep(NotLinear):
    """A network between two scales.

    Attributes
    ----------
    network : Module
        Maps standardised profiles to standardised profiles.
    before, after : Scale
        Of its inputs and of its outputs.
    """

    network: nn.Module
    before: Scale
    after: Scale

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Translate profiles, each on its own whatever stands beside it."""
        self.network.eval()  # batch normalisation by what training saw, not by these profiles
        device = next(self.network.parameters()).device
        rows = torch.as_tensor(self.before.apply(profiles))
        with torch.no_grad():
            parts = [self.network(part.to(device)).cpu() for part in rows.split(ROWS_AT_ONCE)]
        return self.after.undo(torch.cat(parts).numpy())

    def state(self) -> State:
        """Return weights and scales."""
        weights = {
            f"network.{name}": np.atleast_1d(value.cpu().numpy())
            for name, value in self.network.state_dict().items()
        }
        scales = {
            f"{side}.{part}": getattr(getattr(self, side), part)
            for side in ("before", "after")
            for part in ("mean", "deviation")
        }
        return weights | scales


def scales_of(state: State) -> tuple[Scale, Scale]:
    """Take the scales out of a state."""
    before, after = (
        Scale(state[f"{side}.mean"], state[f"{side}.deviation"]) for side in ("before", "after")
    )
    return before, after


def load_weights(network: nn.Module, state: State) -> None:
    """Put the weights of a state into a network of their shapes.

    Raises
    ------
    KeyError, RuntimeError
        If they are those of another network.
    """
    own = network.state_dict()
    network.load_state_dict(
        {
            name: torch.as_tensor(state[f"network.{name}"]).reshape(w.shape)
            for name, w in own.items()
        }
    )


def linear_and(width_in: int, width_out: int, *, norm: bool = False) -> list[nn.Module]:
    """Return a linear layer, batch normalisation without weights where asked for, and a ReLU."""
    normalisation = [nn.BatchNorm1d(width_out, affine=False)] if norm else []
    return [nn.Linear(width_in, width_out), *normalisation, nn.ReLU()]
