"""How alike structures are to others, such as those that were trained on."""

from collections.abc import Sequence

import numpy as np

from lacuna.structures.fingerprints import morgan_generator

# Of the pairs of different drugs of sci-Plex3 (186 structures), 99 % are less alike: a drug that is
# not nearer than that to any training drug is as good as unrelated to all.
FAR = 0.26


def similarity(smiles: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Return the Tanimoto similarity of Morgan fingerprints (radius 2, 2,048 bits, RDKit).

    Parameters
    ----------
    smiles, others
        One that is empty or cannot be read is like none.

    Returns
    -------
    float32 array of shape (smiles, others)

    References
    ----------
    Bajusz et al. 2015, https://doi.org/10.1186/s13321-015-0069-3.
    """
    from rdkit import Chem, DataStructs  # takes a second
    from rdkit.rdBase import BlockLogs

    generator = morgan_generator()
    with BlockLogs():
        molecules, known = (
            [Chem.MolFromSmiles(text) if text else None for text in texts]
            for texts in (smiles, others)
        )
    columns = [number for number, molecule in enumerate(known) if molecule is not None]
    bits = [generator.GetFingerprint(known[number]) for number in columns]
    alike = np.zeros((len(molecules), len(known)), np.float32)
    for row, molecule in enumerate(molecules):
        if molecule is not None and columns:
            own = generator.GetFingerprint(molecule)
            alike[row, columns] = DataStructs.BulkTanimotoSimilarity(own, bits)
    return alike
