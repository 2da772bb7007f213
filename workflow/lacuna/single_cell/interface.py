"""What the parts of the stage `single_cell` hand to each other.

Observations are cells, wells of a bulk screen, or signatures (`Kind`). What was done to one is a
condition: a drug, a cell line, a dose. Doses are micromolar everywhere; controls have dose 0 and
the drug `CONTROL`. A method predicts the mean and the variance of conditions that nobody measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from lacuna.io import hdf5

# cells: log(1 + normalised counts). bulk: log2 expression of wells, Level 3. signatures: normal
# scores of ranks, of whole populations, without controls or doses.
Kind = Literal["cells", "bulk", "signatures"]
CONTROL = "control"  # the drug of untreated observations, in every table
CONTROL_SMILES = "CS(C)=O"  # DMSO, the vehicle, where a model wants a structure of controls
LEARNED = "learned"  # in place of an encoder: a network's own vector for each drug
TRAINING, VALIDATION, TEST, UNUSED = "training", "validation", "test", ""
GIVEN = "given"  # controls of a held-out line: predictions start from them, nothing learns of them
ROLES = (TRAINING, VALIDATION, GIVEN, TEST)
SEEN = (TRAINING, VALIDATION, GIVEN)  # what methods may look at
CONDITION = ["drug", "line", "dose"]
OBS = [*CONDITION, "control"]  # columns of `Observations.obs`
DRUGS = ["smiles", "inchi_key", "block", "scaffold", "pathway"]  # of `Observations.drugs`
DEGS = ["drug", "line", "dose", "gene", "rank"]
STATISTICS = [*CONDITION, "control", "role", "observations"]
FEWEST_CELLS = 5  # a condition of fewer is not judged: "more than 5" in the authors' code


class Observations(Protocol):
    """Observations whose matrix may stay in its file.

    Attributes
    ----------
    kind
    obs : DataFrame, a row per observation, by unique names
        drug (of `drugs`, or `CONTROL`), line, dose (micromolar), control (bool).
    drugs : DataFrame, by drug
        smiles (canonical, of the parent), inchi_key, block (its first 14 letters), scaffold,
        pathway (empty where unknown). `CONTROL` is none of them.
    genes : Index of str
        Symbols, unique.
    has_counts : bool
        Whether `counts` gives any.
    """

    kind: Kind
    obs: pd.DataFrame
    drugs: pd.DataFrame
    genes: pd.Index
    has_counts: bool

    def rows(self, positions: np.ndarray, genes: pd.Index | None = None) -> np.ndarray:
        """Return expression of observations, float32 of shape (n, genes), in the order asked."""
        ...

    def counts(self, positions: np.ndarray, genes: pd.Index | None = None) -> np.ndarray:
        """Return counts of observations, float32 of whole numbers, of the same shape.

        Raises
        ------
        LacunaError
            If these are not known.
        """
        ...


@dataclass(frozen=True)
class Fold:
    """Who is trained on, and who is judged.

    Attributes
    ----------
    name : str
        Of the split and its number, such as drugs_0.
    role : object array of shape (observations,)
        One of `ROLES` or `UNUSED`, of each observation. Controls of the test are those from which
        measured changes are taken, and no method sees them.
    genes : Index of str
        Symbols, those that the bulk screen has first.
    shared : int
        How many these are.
    held_out : list of str
        Drugs of the test that are in no training or validation observation; empty where a split is
        not over drugs.
    degs : DataFrame with columns drug, line, dose, gene, rank
        The genes that change most, the first of rank 0, chosen on nothing but measured
        observations. dose is NaN in the lists over all doses (as published).
    conditions : DataFrame with columns `STATISTICS`
        A row for each condition and role. Of signatures, the mean of a line's training signatures
        stands for its control, role training.
    mean, variance : float32 arrays of shape (conditions, genes)
        Of the observations of each row.
    halves : float32 array of shape (2, conditions, genes)
        Means of two random halves; NaN with fewer than 2 * `FEWEST_CELLS` observations.
    """

    name: str
    role: np.ndarray
    genes: pd.Index
    shared: int
    held_out: list[str]
    degs: pd.DataFrame
    conditions: pd.DataFrame
    mean: np.ndarray
    variance: np.ndarray
    halves: np.ndarray

    def save(self, path: str | Path) -> None:
        """Write all of it to a file, which appears whole or not at all."""
        hdf5.save(
            path,
            {
                "name": np.array([self.name], dtype=object),
                "role": self.role.astype(object),
                "genes": self.genes.to_numpy(object),
                "shared": np.array([self.shared]),
                "held_out": np.array(self.held_out, dtype=object),
                "degs": self.degs,
                "conditions": self.conditions,
                "mean": self.mean,
                "variance": self.variance,
                "halves": self.halves,
            },
        )

    @classmethod
    def load(cls, path: str | Path) -> "Fold":
        """Read what `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        """
        content = hdf5.load(path)
        return cls(
            str(content["name"][0]),
            content["role"].astype(str).astype(object),
            pd.Index(content["genes"].astype(str)),
            int(content["shared"][0]),
            content["held_out"].astype(str).tolist(),
            content["degs"],
            content["conditions"],
            content["mean"],
            content["variance"],
            content["halves"],
        )


@dataclass(frozen=True)
class Predicted:
    """What a method says of conditions.

    Attributes
    ----------
    conditions : DataFrame with columns drug, line, dose
    mean, variance : float32 arrays of shape (conditions, genes)
        variance is NaN where a method says none.
    """

    conditions: pd.DataFrame
    mean: np.ndarray
    variance: np.ndarray

    def save(self, path: str | Path) -> None:
        """Write all of it to a file, which appears whole or not at all."""
        hdf5.save(
            path, {"conditions": self.conditions, "mean": self.mean, "variance": self.variance}
        )

    @classmethod
    def load(cls, path: str | Path) -> "Predicted":
        """Read what `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        """
        content = hdf5.load(path)
        return cls(content["conditions"], content["mean"], content["variance"])


@dataclass(frozen=True)
class Seen:
    """What a plain method may look at: training conditions, and nothing of the test.

    Attributes
    ----------
    conditions : DataFrame with columns `STATISTICS`
        Of the roles `SEEN`, controls among them.
    mean, variance : float32 arrays of shape (conditions, genes)
    vectors : mapping of str to DataFrame
        By encoder, a row per drug (also of the test): molecules are known beforehand. NaN where
        an encoder gives none.
    """

    conditions: pd.DataFrame
    mean: np.ndarray
    variance: np.ndarray
    vectors: Mapping[str, pd.DataFrame]
