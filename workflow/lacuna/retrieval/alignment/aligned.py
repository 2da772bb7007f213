"""The trained model: places of profiles and molecules in one space, and its state."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from lacuna.errors import LacunaError
from lacuna.retrieval.alignment.embedders import (
    ACTIVATIONS,
    MoleculeEmbedder,
    MoleculeInput,
    Vectors,
    layers_of,
    ranked_blocks,
)
from lacuna.retrieval.alignment.examples import refuse_missing
from lacuna.retrieval.alignment.losses import DISTANCES
from lacuna.retrieval.interface import State
from lacuna.retrieval.measures import Measure, distances_between

ROWS_AT_ONCE = 4096  # where nothing is learned
WEIGHT = "weight."


@dataclass(frozen=True)
class Shape:
    """What the networks are made of, and how places are compared.

    Attributes
    ----------
    features, width : int
        Values of a profile, and of a molecule as its encoder gives it.
    profile_layers, molecule_layers : tuple of int
        Widths of hidden layers.
    dimensions : int
        Of the space.
    activation, bias, dropout
        See `layers_of`.
    blocks : int
        Blocks of a profile, each ranked on its own where `ranked`; see `ranked_blocks`.
    rank_distance : str
        How far a molecule is from a profile, one of `DISTANCES`.
    """

    features: int
    width: int
    profile_layers: tuple[int, ...]
    molecule_layers: tuple[int, ...]
    dimensions: int
    activation: str
    bias: bool
    dropout: float
    blocks: int
    ranked: bool
    rank_distance: Measure

    def state(self) -> State:
        """Return each fact as an array; words are bytes, which every file format takes."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: np.array(
                [value.encode()] if isinstance(value, str) else value,
                dtype=np.int64 if isinstance(value, tuple) else None,
            ).reshape(-1)
            for name, value in facts.items()
        }

    @classmethod
    def of(cls, state: State) -> "Shape":
        """Take it out of a state.

        Raises
        ------
        KeyError, ValueError
            If it is none.
        """
        facts: dict[str, Any] = {}
        for field in fields(cls):
            values = state[field.name].tolist()
            if field.name.endswith("_layers"):
                facts[field.name] = tuple(values)
                continue
            (value,) = values
            facts[field.name] = value.decode() if isinstance(value, bytes) else value
        shape = cls(**facts)
        if shape.activation not in ACTIVATIONS or shape.rank_distance not in DISTANCES:
            raise ValueError("no such activation, or no such distance")
        return shape


class Coordinated(nn.Module):
    """Both networks."""

    def __init__(self, shape: Shape, encoder: nn.Module) -> None:
        """Draw first weights; those of the encoder stay."""
        super().__init__()
        self.shape = shape
        like = {"activation": shape.activation, "bias": shape.bias, "dropout": shape.dropout}
        hidden, dimensions = shape.profile_layers, shape.dimensions
        self.profile_layers = layers_of(shape.features, hidden, dimensions, **like)  # type: ignore[arg-type]
        layers = layers_of(shape.width, shape.molecule_layers, dimensions, **like)  # type: ignore[arg-type]
        self.molecules = MoleculeEmbedder(encoder, layers)

    def profiles(self, rows: torch.Tensor) -> torch.Tensor:
        """Bring profiles of shape (n, features) into the space."""
        if self.shape.ranked:
            rows = ranked_blocks(rows, self.shape.blocks)
        return self.profile_layers(rows)


@dataclass(frozen=True)
class Aligned:
    """The trained model.

    Attributes
    ----------
    network : Coordinated
    losses : DataFrame with columns stage, epoch, training, validation
        One row per epoch: the mean training loss, and the mean reciprocal rank of validation
        profiles, NaN where it was not measured. None of a model that was restored.
    """

    network: Coordinated
    losses: pd.DataFrame | None = None

    @property
    def device(self) -> str:
        """Where it computes."""
        return next(self.network.parameters()).device.type

    def embed_profiles(self, profiles: np.ndarray) -> np.ndarray:
        """Return the places of profiles, float32 of shape (n, dimensions).

        Raises
        ------
        LacunaError
            If they have another number of features, or values that are not finite.
        """
        refuse_missing(profiles, "profile")
        _check_width(profiles.shape[1], self.network.shape.features, "profile")
        rows = np.ascontiguousarray(profiles, dtype=np.float32)

        def parts() -> Iterator[torch.Tensor]:
            for part in torch.from_numpy(rows).split(ROWS_AT_ONCE):
                yield self.network.profiles(part.to(self.device))

        return self._together(parts())

    def embed_molecules(self, molecules: "np.ndarray | MoleculeInput") -> np.ndarray:
        """Return the places of molecules, float32 of shape (m, dimensions).

        Parameters
        ----------
        molecules
            Vectors as those of the training, or what the trained encoder reads.

        Raises
        ------
        LacunaError
            If vectors have another number of dimensions, or values that are not finite.
        """
        if isinstance(molecules, np.ndarray):
            refuse_missing(molecules, "molecule")
            molecules = Vectors(molecules)
        read: MoleculeInput = molecules
        _check_width(read.width, self.network.shape.width, "molecule")

        def parts() -> Iterator[torch.Tensor]:
            for first in range(0, len(read), ROWS_AT_ONCE):
                numbers = np.arange(first, min(first + ROWS_AT_ONCE, len(read)))
                yield self.network.molecules(read.batch(numbers, self.device))

        return self._together(parts())

    def distances(
        self, profiles: np.ndarray, molecules: "np.ndarray | MoleculeInput"
    ) -> np.ndarray:
        """Return how far each molecule is from each profile, float64 of shape (n, m)."""
        places = self.embed_profiles(profiles), self.embed_molecules(molecules)
        return distances_between(*places, self.network.shape.rank_distance)

    def state(self) -> State:
        """Return weights and shape as named arrays; `of` makes the model of them."""
        weights = {
            f"{WEIGHT}{name}": value.cpu().numpy()
            for name, value in self.network.state_dict().items()
        }
        return weights | self.network.shape.state()

    @classmethod
    def of(cls, state: State, encoder: nn.Module | None = None) -> "Aligned":
        """Make the model of its state, on the processor.

        Parameters
        ----------
        state
            See `state`.
        encoder
            One such as was trained, whose weights do not matter; None where molecules were vectors.

        Raises
        ------
        LacunaError
            If the state is of another model, or of another encoder.
        """
        try:
            network = Coordinated(Shape.of(state), nn.Identity() if encoder is None else encoder)
            network.load_state_dict(
                {
                    name.removeprefix(WEIGHT): torch.as_tensor(array)
                    for name, array in state.items()
                    if name.startswith(WEIGHT)
                }
            )
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise LacunaError(
                "the state is not one of an aligned model with this encoder of molecules "
                f"({str(error).splitlines()[0]}). Give the encoder that it was trained with, or "
                "train the model again."
            ) from error
        return cls(network.eval())

    def _together(self, parts: Iterator[torch.Tensor]) -> np.ndarray:
        self.network.eval()
        with torch.no_grad():
            places = [part.cpu().numpy() for part in parts]
        return np.concatenate(places or [np.empty((0, self.network.shape.dimensions), np.float32)])


def _check_width(found: int, expected: int, name: str) -> None:
    if found != expected:
        raise LacunaError(
            f"{name}s have {found} values, expected {expected} as in the training. Make them as "
            "those were made."
        )
