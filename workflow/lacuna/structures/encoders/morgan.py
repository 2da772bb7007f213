"""Morgan fingerprints: which circular surroundings of atoms a molecule has."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from lacuna.structures.card import Choice, Encoder
from lacuna.structures.fingerprints import morgan_generator
from lacuna.structures.reading import read_structures

ENCODER = Encoder(
    label="Morgan",
    summary="bits say which surroundings of atoms stand in the molecule, up to a radius in bonds",
    source="Rogers and Hahn 2010, https://doi.org/10.1021/ci100050t",
    alike="jaccard",
    size=512,
)


def encode(
    smiles: Sequence[str],
    *,
    bits: Annotated[int, Choice("length of the fingerprint", (512, 1024, 2048))] = 512,
    radius: Annotated[int, Choice("bonds from the atom in the middle", (1, 2, 3))] = 2,
) -> np.ndarray:
    """Return fingerprints, 0 and 1 as float32 of shape (m, bits); stereo twins have the same.

    Raises
    ------
    LacunaError
        If a structure cannot be read.
    """
    generator = morgan_generator(radius, bits)
    found = [generator.GetFingerprintAsNumPy(one) for one in read_structures(smiles)]
    return np.array(found, np.float32).reshape(len(smiles), bits)
