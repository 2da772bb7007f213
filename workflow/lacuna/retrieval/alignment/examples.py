"""What the coordinated model learns from: pairs, and what is known of their wells and molecules."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lacuna.errors import LacunaError, listed
from lacuna.retrieval.interface import Pairs

if TYPE_CHECKING:
    from lacuna.retrieval.alignment.embedders import MoleculeInput


@dataclass(frozen=True)
class Examples:
    """Profiles with their molecules.

    Attributes
    ----------
    pairs : Pairs
        Profiles are standardised features. Where `molecules` is given, `pairs.vectors` serves
        distances of structures only.
    molecules : MoleculeInput or None
        Molecules as an encoder reads them that is trained, too, in the order of `pairs.vectors`;
        None for vectors that stand fast.
    line : array of shape (n,) or None
        The cell line of each profile, by name or number; None where all are of one.
    group : int array of shape (m,) or None
        Equal for stereo twins, which are never negatives of each other.
    blocks : int
        Blocks of equal width in a profile: control, treated, difference.
    treated : int
        The block, from 0 on, whose means say how far two compounds are from each other.
    """

    pairs: Pairs
    molecules: "MoleculeInput | None" = None
    line: np.ndarray | None = None
    group: np.ndarray | None = None
    blocks: int = 1
    treated: int = 0

    def check(self, name: str) -> None:
        """Check that the parts belong together.

        Parameters
        ----------
        name
            What they are called in messages.

        Raises
        ------
        LacunaError
            If sizes differ, values are missing or infinite, or a profile has no such molecule.
        """
        profiles, vectors, molecule = self.pairs.profiles, self.pairs.vectors, self.pairs.molecule
        for word, rows in (("profile", profiles), ("molecule", vectors)):
            refuse_missing(rows, f"{name}: {word}")
        if len(molecule) != len(profiles) or not _are_below(molecule, len(vectors)):
            raise LacunaError(
                f"{name}: the molecules of {len(profiles)} profiles are {len(molecule)} numbers, "
                f"expected one each, from 0 to {len(vectors) - 1}. Number them as rows of vectors."
            )
        if profiles.shape[1] % self.blocks or not 0 <= self.treated < self.blocks:
            raise LacunaError(
                f"{name}: {profiles.shape[1]} features, {self.blocks} blocks, of which number "
                f"{self.treated} is the treated one, expected blocks of equal width, numbered from "
                "0 on. Give the number of blocks that the features were made of."
            )
        for word, values, count in (
            ("lines", self.line, len(profiles)),
            ("groups", self.group, len(vectors)),
            ("molecules to encode", self.molecules, len(vectors)),
        ):
            if values is not None and len(values) != count:
                raise LacunaError(
                    f"{name}: {len(values)} {word}, expected {count}. Give one to each."
                )

    def read(self) -> "MoleculeInput":
        """Return molecules as the model reads them."""
        from lacuna.retrieval.alignment.embedders import Vectors  # imports PyTorch

        return Vectors(self.pairs.vectors) if self.molecules is None else self.molecules

    def digest(self) -> str:
        """Return what tells these examples from others."""
        from lacuna.networks.training import fingerprint  # imports PyTorch

        pairs = self.pairs
        parts = (pairs.profiles, pairs.vectors, pairs.molecule, self.line, self.group)
        return fingerprint(
            *(np.asarray(part) for part in parts if part is not None),
            has=[part is not None for part in parts],
            alike=pairs.alike,
            molecules=None if self.molecules is None else self.molecules.digest,
            blocks=(self.blocks, self.treated),
        )

    def treated_block(self) -> np.ndarray:
        """Return the treated block of all profiles, of shape (n, genes)."""
        width = self.pairs.profiles.shape[1] // self.blocks
        return self.pairs.profiles[:, self.treated * width : (self.treated + 1) * width]


def refuse_missing(rows: np.ndarray, name: str) -> None:
    """Check that a matrix has rows of finite numbers.

    Raises
    ------
    LacunaError
        If it has not; the message names the first rows.
    """
    if rows.ndim != 2 or not rows.shape[1]:
        raise LacunaError(f"{name}s: an array of shape {rows.shape}, expected rows of values.")
    # A row's sum is finite only if its values are; of float32, added up in float64.
    odd = np.flatnonzero(~np.isfinite(rows.sum(axis=1, dtype=np.float64)))
    if len(odd):
        raise LacunaError(
            f"{name} {listed(odd)} (from 0 on): values are missing or infinite, expected finite "
            "ones. Leave these rows out, or fill their values in."
        )


def _are_below(numbers: np.ndarray, count: int) -> bool:
    return (
        np.issubdtype(numbers.dtype, np.integer)
        and bool((numbers >= 0).all())
        and bool((numbers < count).all())
    )
