"""Which drugs, structures and cells are alike, against definitions written out."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from toy import GENES, at, clustered

from lacuna.completion.shared import similarity
from lacuna.completion.shared.similarity import baseline_similarity, response_similarity
from lacuna.structures.fingerprints import structure_similarity

SMILES = np.array(["CCO", "CCN", "c1ccccc1", "", "not a molecule", "CCO"])


def is_kernel(matrix):
    assert np.allclose(matrix, matrix.T, atol=1e-6)
    assert np.allclose(np.diag(matrix), 1, atol=1e-5)
    return np.linalg.eigvalsh(matrix.astype(float)).min() > -1e-4


@pytest.mark.parametrize("most_in_workspace", [4096, 2], ids=["few drugs", "many drugs"])
def test_drugs_are_alike_that_answer_alike_in_shared_cells(monkeypatch, most_in_workspace):
    monkeypatch.setattr(similarity, "MOST_IN_WORKSPACE", most_in_workspace)
    observed = clustered()
    found = response_similarity(
        observed.profiles.__getitem__, observed.drug, observed.cell, observed.measured
    )
    drugs, cells = range(len(observed.drugs)), range(len(observed.cells))
    plain = np.eye(len(drugs))
    for one in drugs:
        for other in drugs:
            pairs = [(at(observed, one, c), at(observed, other, c)) for c in cells]
            shared = [a @ b for a, b in pairs if a is not None and b is not None]
            if one != other:
                plain[one, other] = sum(shared) / (len(shared) + 1)
    values, vectors = np.linalg.eigh(plain)
    plain = (vectors * np.maximum(values, 0)) @ vectors.T
    length = np.sqrt(np.diag(plain))
    assert np.allclose(found, plain / length[:, None] / length, atol=1e-4)
    assert is_kernel(found)


def test_structures_are_alike_by_tanimoto_of_their_fingerprints():
    found = structure_similarity(SMILES)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    for one, first in enumerate(SMILES[:3]):
        for other, second in enumerate(SMILES[:3]):
            bits = [
                set(generator.GetFingerprint(Chem.MolFromSmiles(s)).GetOnBits())
                for s in (first, second)
            ]
            expected = len(bits[0] & bits[1]) / len(bits[0] | bits[1])
            assert found[one, other] == pytest.approx(expected)
    assert found[0, 5] == 1
    assert np.array_equal(found[3:5], np.eye(6, dtype=np.float32)[3:5])
    assert is_kernel(found)


def test_cells_are_alike_that_express_alike():
    baseline = np.random.default_rng(0).normal(8, 1, (5, GENES)).astype(np.float32)
    baseline[3, 7] = np.nan
    found = baseline_similarity(baseline)
    known = [0, 1, 2, 4]
    distance = {
        (a, b): ((baseline[a] - baseline[b]) ** 2).sum() for a in known for b in known if a < b
    }
    for (a, b), squared in distance.items():
        expected = np.exp(-squared / np.median(list(distance.values())))
        assert found[a, b] == pytest.approx(expected, rel=1e-3)
    assert np.array_equal(found[3], np.eye(5)[3])
    assert is_kernel(found)


def test_equal_cells_and_a_single_one_are_no_trouble():
    assert np.array_equal(baseline_similarity(np.ones((1, 4))), np.eye(1))
    assert np.array_equal(baseline_similarity(np.ones((3, 4))), np.eye(3))
