"""What a method of retrieval is given, and what it gives back."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lacuna.structures.card import Alike
from lacuna.vectors import mean_by

State = dict[str, np.ndarray]


@dataclass(frozen=True)
class Pairs:
    """Profiles, each with the molecule that made it.

    Attributes
    ----------
    profiles : float32 array of shape (n, features)
        A row per treated well: its features, standardised on training wells, or an embedding.
    vectors : float32 array of shape (m, dimensions)
        A row per molecule; fingerprints are 0 and 1.
    molecule : int array of shape (n,)
        The row of `vectors` that each profile belongs to; a molecule may have many profiles.
    alike
        How vectors of two molecules are compared.
    """

    profiles: np.ndarray
    vectors: np.ndarray
    molecule: np.ndarray
    alike: Alike = "correlation"

    def means(self) -> np.ndarray:
        """Return the mean profile of every molecule, float64 of shape (m, features).

        A molecule without a profile has a row of zeros.
        """
        return mean_by(self.molecule, len(self.vectors), self.profiles.astype(np.float64))[0]


class Ranker(Protocol):
    """A method that was fitted."""

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return how far each molecule is from each profile.

        Parameters
        ----------
        profiles : array of shape (n, features)
            Queries.
        vectors : array of shape (m, dimensions)
            The library.

        Returns
        -------
        float64 array of shape (n, m)
            Finite; a small distance is a high rank.
        """

    def state(self) -> State:
        """Return all that `restore` of the method's module needs, as named arrays."""
