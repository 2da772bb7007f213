"""RDKit's 2D descriptors: weights, counts, charges, surfaces, fragments."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lacuna.structures.card import Encoder
from lacuna.structures.reading import read_structures

if TYPE_CHECKING:
    from rdkit.Chem import Mol

ENCODER = Encoder(
    label="RDKit 2D",
    summary="all 2D descriptors of RDKit: weights, counts, charges, surface areas, fragments",
    source="RDKit, https://doi.org/10.5281/zenodo.591637",
    alike="correlation",
    size=217,
    gaps=True,
)
LARGEST = float(np.finfo(np.float32).max)


def encode(smiles: Sequence[str]) -> np.ndarray:
    """Return descriptors, float32 of shape (m, size), in the order of `names`.

    NaN stands where one cannot be computed, or is beyond float32; `Scaler` fills it with the mean
    of training molecules.

    Raises
    ------
    LacunaError
        If a structure cannot be read.
    """
    from rdkit.Chem import Descriptors
    from rdkit.rdBase import BlockLogs

    functions = [function for _, function in Descriptors.descList]
    with BlockLogs():
        rows = [
            [_value(function, molecule) for function in functions]
            for molecule in read_structures(smiles)
        ]
    values = np.array(rows, np.float64).reshape(len(smiles), len(functions))
    values[~(np.abs(values) <= LARGEST)] = np.nan
    return values.astype(np.float32)


def names() -> list[str]:
    """Return the names of the descriptors, in their order."""
    from rdkit.Chem import Descriptors

    return [name for name, _ in Descriptors.descList]


def _value(function: Callable[["Mol"], Any], molecule: "Mol") -> float:
    try:
        return float(function(molecule))
    except Exception:  # RDKit's own, of many kinds: e.g. a charge of an atom without parameters
        return np.nan
