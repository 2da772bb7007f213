"""The planted truth has what each generator is said to plant."""

import numpy as np
import pytest
from rdkit import Chem

from lacuna.io import geo
from lacuna.simulation import biology, parameters
from lacuna.structures.fingerprints import structure_similarity


def test_drugs_of_a_mechanism_act_alike_and_gates_differ(truth):
    drugs = truth["drugs"]
    change = truth["log2_change"][:, 0]
    active = drugs["active"].to_numpy()
    similarity = np.corrcoef(change[active])
    mechanism = drugs.loc[active, "mechanism"].to_numpy()
    same = mechanism[:, None] == mechanism
    other = ~same
    np.fill_diagonal(same, False)
    assert np.mean(similarity[same]) > 0.5
    assert abs(np.mean(similarity[other])) < 0.1


def test_cell_specific_drugs_differ_more_between_lineages(truth):
    drugs, change = truth["drugs"], truth["log2_change"]
    lineage = truth["cells"]["lineage"]
    far = int(np.flatnonzero(lineage != lineage[0])[0])

    def agreement(which):
        return np.mean([np.corrcoef(change[drug, 0], change[drug, far])[0, 1] for drug in which])

    active, specific = drugs["active"].to_numpy(), drugs["cell_specific"].to_numpy()
    assert agreement(np.flatnonzero(active & ~specific)) > 0.2 + agreement(np.flatnonzero(specific))


def test_inactive_drugs_change_nothing(truth):
    inactive = ~truth["drugs"]["active"].to_numpy()
    assert inactive.mean() == pytest.approx(parameters.INACTIVE_SHARE, abs=0.12)
    assert (truth["log2_change"][inactive] == 0).all()


def test_structures_can_be_read_and_most_of_a_mechanism_share_their_scaffold(screen, truth):
    drugs = geo.read_drugs(screen / parameters.FILES["pert_info"]).set_index("drug")
    smiles = drugs.loc[truth["drugs"]["pert_id"], "smiles"].to_numpy(str)
    assert all(Chem.MolFromSmiles(text) is not None for text in smiles)
    alike = structure_similarity(smiles)
    mechanism = truth["drugs"]["mechanism"].to_numpy()
    same = (mechanism[:, None] == mechanism) & ~np.eye(len(mechanism), dtype=bool)
    assert np.mean(alike[same]) > 2 * np.mean(alike[mechanism[:, None] != mechanism])


def planted(generator, drugs=60, cells=8):
    return biology.plant(generator, drugs, cells, 8, np.random.default_rng(0)).response


def test_additive_responses_add_up():
    response = planted("additive")
    of_drug, of_cell = response.mean(axis=1, keepdims=True), response.mean(axis=0, keepdims=True)
    assert np.allclose(response, of_drug + of_cell - response.mean(axis=(0, 1)))
    assert of_drug.std() > 0.1
    assert of_cell.std() > 0.1


def test_low_rank_responses_have_few_factors():
    response = planted("low_rank")
    for axis in range(3):
        unfolded = np.moveaxis(response, axis, 0).reshape(response.shape[axis], -1)
        assert np.linalg.matrix_rank(unfolded) <= parameters.FACTORS


def test_clustered_responses_are_neither():
    response = planted("clustered")
    unfolded = response.reshape(len(response), -1)
    assert np.linalg.matrix_rank(unfolded) > 2 * parameters.FACTORS
    left = response - response.mean(axis=1, keepdims=True) - response.mean(axis=0, keepdims=True)
    assert (left + response.mean(axis=(0, 1))).std() > 0.2 * response.std()


@pytest.mark.parametrize("generator", parameters.GENERATORS)
def test_responses_are_as_large_whatever_the_generator(generator):
    change = planted(generator, drugs=300)
    active = np.abs(change).sum(axis=2) > 0
    size = np.linalg.norm(change[active], axis=1).mean()
    assert 2 < size < 12
