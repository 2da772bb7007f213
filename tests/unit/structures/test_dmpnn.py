"""Networks on graphs, against message passing written out and chemprop called plainly."""

import numpy as np
import pytest
import torch
from rdkit import Chem

from lacuna.errors import LacunaError
from lacuna.structures.cache import encode_structures
from lacuna.structures.encoders import admet, dmpnn

pytest.importorskip("chemprop", reason="NOT TESTED: pip install 'chemprop>=2.2,<2.3'")
from chemprop.data import BatchMolGraph
from chemprop.featurizers import SimpleMoleculeMolGraphFeaturizer

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
]


@pytest.fixture(scope="module")
def graphs():
    return dmpnn.MoleculeGraphs(SMILES)


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return dmpnn.network(hidden=64, depth=3).eval()


def run(network, graphs, rows):
    with torch.inference_mode():
        return network(graphs.batch(np.array(rows))).numpy()


def plainly(network, smiles):
    """Pass messages along the directed bonds of one molecule, as in Yang et al. 2019."""
    graph = SimpleMoleculeMolGraphFeaturizer()(Chem.MolFromSmiles(smiles))
    w_i, w_h, w_o, bias = (
        network.state_dict()[f"messages.{name}"].double().numpy()
        for name in ("W_i.weight", "W_h.weight", "W_o.weight", "W_o.bias")
    )
    bonds = [(int(u), int(v)) for u, v in graph.edge_index.T]
    first = {
        (u, v): w_i @ np.concatenate([graph.V[u], graph.E[row]]) for row, (u, v) in enumerate(bonds)
    }
    hidden = {bond: np.maximum(value, 0) for bond, value in first.items()}
    for _ in range(2):  # depth 3: the last step is the gathering
        arriving = {
            (u, v): sum(
                (hidden[k, end] for k, end in bonds if end == u and k != v), np.zeros(len(w_h))
            )
            for u, v in bonds
        }
        hidden = {bond: np.maximum(first[bond] + w_h @ arriving[bond], 0) for bond in bonds}
    atoms = []
    for atom, features in enumerate(graph.V):
        gathered = sum((hidden[k, end] for k, end in bonds if end == atom), np.zeros(len(w_h)))
        atoms.append(np.maximum(w_o @ np.concatenate([features, gathered]) + bias, 0))
    return np.mean(atoms, axis=0)


def test_the_network_is_message_passing_as_published(network, graphs):
    found = run(network, graphs, [0, 1, 2, 3, 4])
    assert found.shape == (5, 64)
    assert found.dtype == np.float32
    for row, text in zip(found, SMILES, strict=True):
        assert row == pytest.approx(plainly(network, text), rel=1e-4, abs=1e-6)


def test_a_batch_is_chemprops(graphs):
    rows = [4, 1, 0]
    featurise = SimpleMoleculeMolGraphFeaturizer()
    plain = BatchMolGraph([featurise(Chem.MolFromSmiles(SMILES[row])) for row in sorted(rows)])
    batch = graphs.batch(np.array(rows))
    for name in ("V", "E", "edge_index", "rev_edge_index", "batch"):
        expected, found = getattr(plain, name), getattr(batch, name)
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)


def test_a_structure_that_comes_often_is_encoded_once(network, graphs):
    batch = graphs.batch(np.array([2, 0, 2, 2]))
    assert len(batch) == 4
    assert len(batch.V) == sum(Chem.MolFromSmiles(SMILES[row]).GetNumAtoms() for row in (0, 2))
    found = run(network, graphs, [2, 0, 2, 2])
    assert np.array_equal(found[0], found[2])
    assert found == pytest.approx(run(network, graphs, [0, 2])[[1, 0, 1, 1]], rel=1e-5, abs=1e-6)


def test_company_and_order_do_not_matter(network, graphs):
    alone = np.concatenate([run(network, graphs, [row]) for row in range(5)])
    assert run(network, graphs, [3, 1, 4]) == pytest.approx(alone[[3, 1, 4]], rel=1e-5, abs=1e-6)
    assert not np.allclose(alone[2], alone[3])  # twins are told apart


def test_molecules_without_bonds_have_vectors(network, graphs):
    found = run(network, graphs, [1, 1])
    assert np.isfinite(found).all()
    assert found.any()


def test_descriptors_are_appended(graphs):
    numbers = np.arange(10, dtype=np.float64).reshape(5, 2)
    with_numbers = dmpnn.MoleculeGraphs(SMILES, numbers)
    network = dmpnn.network(2, hidden=64)
    assert network.size == 66
    found = run(network, with_numbers, [3, 0, 3])
    assert np.array_equal(found[:, 64:], numbers[[3, 0, 3]])
    with pytest.raises(ValueError, match="expected 5 finite rows"):
        dmpnn.MoleculeGraphs(SMILES, numbers * np.nan)
    with pytest.raises(ValueError, match="expected 5 finite rows"):
        dmpnn.MoleculeGraphs(SMILES, numbers[:4])


def test_training_reaches_all_weights_and_is_the_same_every_time(graphs):
    def gradients():
        with torch.random.fork_rng():
            torch.manual_seed(2)
            network = dmpnn.network(hidden=64)
        network(graphs.batch(np.array([0, 2, 4, 0]))).square().sum().backward()
        return [weight.grad for weight in network.parameters()]

    first = gradients()
    assert all(gradient.abs().sum() > 0 for gradient in first)
    assert all(torch.equal(*pair) for pair in zip(first, gradients(), strict=True))


def test_unreadable_structures_are_refused():
    with pytest.raises(LacunaError, match=r"'C1CC \(SMILES that cannot be read\)'"):
        dmpnn.MoleculeGraphs(["C", "C1CC"])


admet_ai = pytest.mark.skipif(
    not admet.find_spec("admet_ai"), reason=f"NOT TESTED: pip install {admet.ENCODER.needs}"
)


@admet_ai
@pytest.mark.parametrize("part", ["classification", "regression"])
def test_the_frozen_encoder_is_chemprops_fingerprint(part):
    from chemprop.models import load_model

    package = admet.find_spec("admet_ai").submodule_search_locations[0]
    model = load_model(f"{package}/resources/models/admet_{part}/model_0.pt", multicomponent=False)
    featurise = SimpleMoleculeMolGraphFeaturizer()
    graph = BatchMolGraph([featurise(Chem.MolFromSmiles(text)) for text in SMILES])
    with torch.inference_mode():
        expected = model.eval().fingerprint(graph).numpy()
    found = admet.encode(SMILES, part=part)
    assert found.shape == (5, admet.ENCODER.size)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert np.array_equal(found[::-1], admet.encode(SMILES[::-1], part=part))  # to the last digit


@admet_ai
def test_the_frozen_encoder_has_both_parts_and_a_cache(tmp_path, monkeypatch):
    expected = [admet.encode(SMILES, part=part) for part in ("classification", "regression")]
    monkeypatch.setattr(admet, "AT_ONCE", 2)
    for _ in range(2):
        both = encode_structures("admet", SMILES, tmp_path / "a.h5", progress=False, part="both")
        assert np.array_equal(both, np.hstack(expected))
    assert admet.encode([]).shape == (0, 300)


@admet_ai
def test_the_frozen_encoder_leaves_threads_as_they_were():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with_two = admet.encode(SMILES)
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        assert np.array_equal(admet.encode(SMILES), with_two)
    finally:
        torch.set_num_threads(before)


@admet_ai
def test_training_may_start_from_the_frozen_weights(graphs):
    network = dmpnn.network(start="admet").eval()
    assert run(network, graphs, [0]) == pytest.approx(admet.encode(SMILES[:1]), rel=1e-4, abs=1e-6)
    assert all(weight.requires_grad for weight in network.parameters())
    with pytest.raises(LacunaError, match="hidden 300 and depth 3, not 64 and 3"):
        dmpnn.network(hidden=64, start="admet")


@admet_ai
@pytest.mark.fault("other files of ADMET-AI than Lacuna reads", "they are refused by name")
def test_weights_that_are_not_as_expected_are_refused(tmp_path, monkeypatch):
    class Package:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(admet, "find_spec", lambda name: Package)
    with pytest.raises(LacunaError, match=r"model_0\.pt: no such file, though admet_ai is"):
        admet.pretrained("regression")
    path = tmp_path / admet.WEIGHTS.format(part="regression")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with pytest.raises(LacunaError, match=r"model_0\.pt: holds other weights"):
        admet.pretrained("regression")
    torch.save({"state_dict": {f"{admet.BLOCK}W_i.weight": torch.zeros(2, 2)}}, path)
    with pytest.raises(LacunaError, match=r"model_0\.pt: holds other weights"):
        admet.pretrained("regression")
