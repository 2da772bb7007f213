"""Molecules in a random order: what chance scores."""

import hashlib
from dataclasses import dataclass

import numpy as np

from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Chance",
    summary="molecules in an order that is drawn anew for every query",
    control=True,
)


@dataclass(frozen=True)
class Chance:
    """A seed.

    A distance is drawn from what the profile and the vector hold, not from where they stand: a
    query has the same ranks alone and among others.
    """

    seed: int
    shapes: tuple[int, int]

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Draw from [0, 1)."""
        return shared.of_distinct("chance", profiles, vectors, self.shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        words = mixed(self._words(profiles)[:, None] ^ self._words(vectors))
        return (words >> np.uint64(11)) / 2.0**53

    def _words(self, rows: np.ndarray) -> np.ndarray:
        """Hash rows to 64 bits each."""
        salt = self.seed.to_bytes(8, "little")
        digests = b"".join(
            hashlib.blake2b((row + np.float32(0)).tobytes(), digest_size=8, key=salt).digest()
            for row in rows.astype(np.float32)
        )
        return np.frombuffer(digests, dtype="<u8").astype(np.uint64)

    def state(self) -> State:
        """Return the seed and the widths of both sides."""
        return {"seed": np.array(self.seed, dtype=np.int64), "shapes": np.array(self.shapes)}


def mixed(words: np.ndarray) -> np.ndarray:
    """Scatter 64-bit words: the last step of SplitMix64.

    Steele, Lea and Flood 2014, https://doi.org/10.1145/2714064.2660195
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def restore(state: State) -> Chance:
    """Make the ranker of its state."""
    features, dimensions = (int(width) for width in state["shapes"])
    return Chance(int(state["seed"]), (features, dimensions))


def fit(training: Pairs, validation: Pairs, rng: np.random.Generator) -> Chance:
    """Draw a seed.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from; see `shared.check_fit`.
    """
    shared.check_fit("chance", training, validation)
    shapes = (training.profiles.shape[1], training.vectors.shape[1])
    return Chance(int(rng.integers(2**62)), shapes)
