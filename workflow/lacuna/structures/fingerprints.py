"""Morgan fingerprints and the similarity of structures."""

from functools import cache
from typing import Any

import numpy as np

from lacuna.structures.reading import read_structure

MORGAN_RADIUS, MORGAN_BITS = 2, 2048


@cache
def morgan_generator(radius: int = MORGAN_RADIUS, bits: int = MORGAN_BITS) -> Any:
    """Return RDKit's generator of Morgan fingerprints; stereochemistry has no part in them."""
    # Imported where used: RDKit takes a second.
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    return GetMorganGenerator(radius=radius, fpSize=bits)


def structure_similarity(
    smiles: np.ndarray, radius: int = MORGAN_RADIUS, bits: int = MORGAN_BITS
) -> np.ndarray:
    """Return the Tanimoto similarity of drugs' Morgan fingerprints (RDKit).

    Parameters
    ----------
    smiles : array of str of shape (drugs,)
        A drug whose SMILES is empty or cannot be read is like none but itself.
    radius, bits
        How many bonds an atom looks, and to how many bits that is folded.

    Returns
    -------
    float32 array of shape (drugs, drugs)
    """
    # Imported where used: RDKit takes a second.
    from rdkit import Chem, DataStructs
    from rdkit.rdBase import BlockLogs

    generator = morgan_generator(radius, bits)
    with BlockLogs():
        molecules = [Chem.MolFromSmiles(text) if text else None for text in smiles]
    readable = [drug for drug, molecule in enumerate(molecules) if molecule is not None]
    fingerprints = [generator.GetFingerprint(molecules[drug]) for drug in readable]
    similarity = np.eye(len(smiles), dtype=np.float32)
    for drug, fingerprint in zip(readable, fingerprints, strict=True):
        similarity[drug, readable] = DataStructs.BulkTanimotoSimilarity(fingerprint, fingerprints)
    return similarity


def known_similarity(
    smiles: np.ndarray, radius: int = MORGAN_RADIUS, bits: int = MORGAN_BITS
) -> np.ndarray:
    """Return `structure_similarity`, NaN where a structure is not known.

    Parameters
    ----------
    smiles : array of str of shape (drugs,)
    radius, bits
        How many bonds an atom looks, and to how many bits that is folded.

    Returns
    -------
    float32 array of shape (drugs, drugs)
        Of a drug to itself 1, or NaN.
    """
    similarity = structure_similarity(smiles, radius, bits)
    unknown = np.array([read_structure(text)[0] is None for text in smiles], bool)
    similarity[unknown] = np.nan
    similarity[:, unknown] = np.nan
    return similarity
