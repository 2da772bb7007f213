"""What a step of a translation is given, and what it gives back."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeAlias

import h5py
import numpy as np

from lacuna.errors import LacunaError

State = dict[str, np.ndarray]
# Rows are samples. An array in a file is read by slices, and never as a whole.
Rows: TypeAlias = np.ndarray | h5py.Dataset


class FittedStep(Protocol):
    """A step that was trained."""

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Translate log2 profiles of shape (n, inputs) to float32 of shape (n, outputs)."""

    def difference(self, differences: np.ndarray) -> np.ndarray | None:
        """Translate differences between profiles, such as signatures; None unless linear."""

    def state(self) -> State:
        """Return all that `restore` of the step's module needs, as named arrays."""


@dataclass(frozen=True)
class LandmarkTraining:
    """What step 1 is trained on. No L1000 profile belongs to an RNA-seq one, but for pairs.

    Attributes
    ----------
    l1000 : float32 array of shape (n, landmarks)
        Level 3 profiles, log2.
    rnaseq : float32 array of shape (m, landmarks)
        RNA-seq profiles, normalised.
    pairs : tuple of two arrays of shape (k, landmarks), or None
        Samples measured both ways: by L1000, and by RNA-seq.
    work : Path, or None
        The folder for checkpoints of a network; None for none.
    """

    l1000: np.ndarray
    rnaseq: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray] | None = None
    work: Path | None = None

    def paired(self, step: str, least: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs, as float64, for a step that learns from them.

        Raises
        ------
        LacunaError
            If there are fewer than `least`.
        """
        found = 0 if self.pairs is None else len(self.pairs[0])
        if self.pairs is None or found < least:
            raise LacunaError(
                f"translation: landmarks: {step} needs {least} samples measured both ways, found "
                f"{found}. Give `pairs`, or leave the step out."
            )
        seen, real = self.pairs
        return seen.astype(np.float64), real.astype(np.float64)

    @property
    def reversed(self) -> "LandmarkTraining":
        """The training of the way back."""
        pairs = None if self.pairs is None else self.pairs[::-1]
        return LandmarkTraining(self.rnaseq, self.l1000, pairs, self.work)


@dataclass(frozen=True)
class GenomeTraining:
    """What step 2 is trained on.

    Attributes
    ----------
    landmarks : float32 array of shape (m, landmarks)
        RNA-seq profiles of the landmark genes, normalised.
    genome : array or h5py dataset of shape (m, genes)
        The same samples, of all genes, landmarks among them.
    study : int array of shape (m,)
        Samples of one study are not independent: they are held out together.
    noise : float array of shape (landmarks,)
        Standard deviation of what step 1 adds to true landmarks, in log2; zeros for none.
    work : Path, or None
        The folder for checkpoints of a network; None for none.
    """

    landmarks: np.ndarray
    genome: Rows
    study: np.ndarray
    noise: np.ndarray
    work: Path | None = None

    def of(self, samples: np.ndarray) -> "GenomeTraining":
        """Keep some samples, given by rising numbers; the genome is copied into memory."""
        return replace(
            self,
            landmarks=self.landmarks[samples],
            genome=self.genome[samples],
            study=self.study[samples],
        )


@dataclass(frozen=True)
class Affine:
    """profiles @ weights + offset; weights of shape (genes,) scale each gene alone."""

    weights: np.ndarray
    offset: np.ndarray

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Translate profiles."""
        return (self._times(profiles) + self.offset).astype(np.float32)

    def difference(self, differences: np.ndarray) -> np.ndarray:
        """Translate differences, in which the offset drops out."""
        return self._times(differences).astype(np.float32)

    def state(self) -> State:
        """Return weights and offset."""
        return {"weights": self.weights, "offset": self.offset}

    def _times(self, rows: np.ndarray) -> np.ndarray:
        return rows * self.weights if self.weights.ndim == 1 else rows @ self.weights


def restore_affine(state: State) -> Affine:
    """Make a linear step of its state."""
    return Affine(state["weights"], state["offset"])


class NotLinear:
    """A step through which differences cannot pass, as a base of others."""

    def difference(self, differences: np.ndarray) -> None:
        """Return None: the step is not linear."""
        return None
