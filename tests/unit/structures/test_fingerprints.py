"""How alike structures are, where they are known."""

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, DataStructs

from lacuna.structures.fingerprints import known_similarity

SMILES = np.array(["CCO", "CCCO", "c1ccccc1", "", "not a structure", "CCO"])


def test_similarity_is_tanimotos_of_morgan_fingerprints():
    found = known_similarity(SMILES)
    generator = AllChem.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in SMILES[:3]]
    expected = [[DataStructs.TanimotoSimilarity(one, other) for other in prints] for one in prints]
    assert np.allclose(found[:3, :3], expected)
    assert np.isnan(found[3:5]).all()
    assert np.isnan(found[:, 3:5]).all()
    assert found[0, 5] == 1


def test_radius_and_bits_are_those_asked_for():
    long = np.array(["CCCCCCCC(=O)NCC", "CCCCCCC(=O)NCCC"])
    seen = {known_similarity(long)[0, 1]}
    for radius, bits in ((3, 2048), (3, 16), (2, 16)):
        generator = AllChem.GetMorganGenerator(radius=radius, fpSize=bits)
        one, other = (generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in long)
        found = known_similarity(long, radius=radius, bits=bits)[0, 1]
        assert np.isclose(found, DataStructs.TanimotoSimilarity(one, other))
        seen.add(found)
    assert len(seen) > 2
