"""What the network learns from: observations, and the drugs, doses and line of each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import CONTROL, Kind, Observations
from lacuna.single_cell.model.molecules import Molecules

NONE = -1  # in place of a drug's number
NANOMOLAR = 1000.0  # in a micromolar dose
CONTROL_DOSE = 1.0  # as published, where doses are raw


@dataclass(frozen=True)
class Examples:
    """Some observations.

    Attributes
    ----------
    observations : Observations
    positions : int array of shape (n,)
        Which of these, in the order of all that follows.
    genes : Index of str
    molecules : Molecules
    lines : Index of str
    drug : int array of shape (n, k)
        Numbers of drugs in `molecules`, `NONE` for none; more than one where drugs were combined.
    dose : float32 array of shape (n, k)
        Micromolar, of each drug.
    line : int array of shape (n,)
        Numbers of `lines`.
    control : bool array of shape (n,)
    """

    observations: Observations
    positions: np.ndarray
    genes: pd.Index
    molecules: Molecules
    lines: pd.Index
    drug: np.ndarray
    dose: np.ndarray
    line: np.ndarray
    control: np.ndarray

    @classmethod
    def of(
        cls,
        observations: Observations,
        positions: np.ndarray,
        genes: pd.Index,
        molecules: Molecules,
    ) -> "Examples":
        """Take some observations, each of one drug or a control.

        Raises
        ------
        LacunaError
            If the structure of a drug is not among `molecules`.
        """
        obs = observations.obs.iloc[positions]
        control = obs["control"].to_numpy(bool)
        names = np.where(control, CONTROL, obs["drug"].astype(str))
        number = molecules.names.get_indexer(pd.Index(names))
        if (number < 0).any():
            raise LacunaError(
                f"single_cell: no structures of the drugs {listed(np.unique(names[number < 0]))} "
                "are given. Give them, or leave their observations out."
            )
        line, lines = pd.factorize(obs["line"].astype(str), sort=True)
        return cls(
            observations,
            np.asarray(positions),
            genes,
            molecules,
            pd.Index(lines),
            number[:, None],
            np.where(control, 0, obs["dose"])[:, None].astype(np.float32),
            line,
            control,
        )

    @property
    def kind(self) -> Kind:
        """What observations are."""
        return self.observations.kind

    def __len__(self) -> int:
        return len(self.positions)

    def drugs(self) -> pd.Index:
        """Return the drugs that some observation had, by name; `CONTROL` among them."""
        present = np.unique(self.drug[self.drug >= 0])
        return self.molecules.names[present]

    def rows(self, which: np.ndarray) -> np.ndarray:
        """Return expression of some of the examples, float32 of shape (len(which), genes)."""
        rows = self.observations.rows(self.positions[which], self.genes)
        return np.ascontiguousarray(rows, np.float32)

    def counts(self, which: np.ndarray) -> np.ndarray:
        """Return counts, of the same shape."""
        counts = self.observations.counts(self.positions[which], self.genes)
        return np.ascontiguousarray(counts, np.float32)

    def conditions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return one example of each condition, and the number of the condition of each example."""
        table = np.column_stack([self.drug, self.dose, self.line])
        _, first, number = np.unique(table, axis=0, return_index=True, return_inverse=True)
        return first, number.reshape(-1)

    def check(self, name: str) -> None:
        """Check that parts belong together.

        Parameters
        ----------
        name
            What the examples are called in messages.

        Raises
        ------
        LacunaError
            If there are fewer than two observations, parts are of other sizes, or a drug, a line
            or a dose is none.
        """
        count = len(self.positions)
        if count < 2:
            raise LacunaError(
                f"single_cell: {name} has {count} observations, expected at least 2. Hold out less."
            )
        sizes = {len(part) for part in (self.drug, self.dose, self.line, self.control)}
        numbers = (self.drug, NONE, len(self.molecules.names)), (self.line, 0, len(self.lines))
        if (
            sizes != {count}
            or len(np.unique(self.positions)) < count
            or self.drug.shape != self.dose.shape
            or any((part < least).any() or (part >= end).any() for part, least, end in numbers)
        ):
            raise LacunaError(
                f"single_cell: drugs, doses and lines of {name} do not belong to its {count} "
                "observations: expected a row for each, of different observations, and numbers of "
                "drugs and lines that there are."
            )
        bad = np.flatnonzero((~np.isfinite(self.dose) | (self.dose < 0)).any(axis=1))
        if len(bad):
            raise LacunaError(
                f"single_cell: the dose of observation "
                f"{self.observations.obs.index[self.positions[bad[0]]]!r} is "
                f"{self.dose[bad[0]].tolist()}, expected micromolar, 0 or more."
            )

    def digest(self) -> str:
        """Return what tells these examples from others; of expression, some rows."""
        from lacuna.networks.training import fingerprint  # imports PyTorch

        some = np.unique(np.linspace(0, len(self) - 1, min(64, len(self))).astype(int))
        return fingerprint(
            self.positions,
            self.drug,
            self.dose,
            self.line,
            self.control,
            self.molecules.vectors,
            self.rows(some),
            genes=tuple(self.genes),
            lines=tuple(self.lines),
            drugs=tuple(self.molecules.names),
            smiles=tuple(self.molecules.smiles),
            source=(self.molecules.source.encoder, sorted(self.molecules.source.options.items())),
        )


def doses_read(dose: np.ndarray, control: np.ndarray, kind: Kind, how: str) -> np.ndarray:
    """Return doses as the doser reads them.

    Parameters
    ----------
    dose : float array
        Micromolar.
    control : bool array of the same shape
    kind
        Of the observations.
    how
        raw: as published, the number in the column of doses: micromolar in bulk, nanomolar in
        cells, 1 in controls. log1p: log(1 + micromolar), 0 in controls.
    """
    dose = np.asarray(dose, np.float64)
    if how == "log1p":
        return np.log1p(np.where(control, 0.0, dose)).astype(np.float32)
    scale = NANOMOLAR if kind == "cells" else 1.0
    return np.where(control, CONTROL_DOSE, dose * scale).astype(np.float32)
