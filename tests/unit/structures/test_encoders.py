"""Vectors of structures against RDKit called plainly, and the scale that training decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from rdkit import Chem
from rdkit.Chem import Descriptors, rdMolDescriptors
from rdkit.rdBase import BlockLogs

from lacuna.errors import LacunaError
from lacuna.structures import card
from lacuna.structures.encoders import descriptors, morgan
from lacuna.structures.scaling import CLIPPED, Scaler

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "C",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "N.N.[Cl-].[Cl-].[Pt+2]",
]


@pytest.mark.parametrize(("bits", "radius"), [(512, 2), (2048, 2), (1024, 3)])
def test_morgan_is_the_authors_fingerprint(bits, radius):
    with BlockLogs():  # RDKit calls the authors' function old
        expected = [
            list(
                rdMolDescriptors.GetMorganFingerprintAsBitVect(
                    Chem.MolFromSmiles(text), radius, nBits=bits
                )
            )
            for text in SMILES
        ]
    found = morgan.encode(SMILES, bits=bits, radius=radius)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)
    assert np.array_equal(found[1], found[2])  # twins


def test_descriptors_are_rdkits(monkeypatch):
    found = descriptors.encode(SMILES)
    for text, row in zip(SMILES[:5], found, strict=False):
        expected = Descriptors.CalcMolDescriptors(Chem.MolFromSmiles(text))
        assert list(expected) == descriptors.names()
        assert np.array_equal(row, np.array(list(expected.values()), np.float32), equal_nan=True)
    assert np.isnan(found[5]).any()  # no partial charges for platinum
    assert not np.isnan(found[:5, descriptors.names().index("MolWt")]).any()


def test_descriptors_that_fail_are_gaps(monkeypatch):
    def fails(molecule):
        raise RuntimeError("no parameters")

    planted = [
        ("atoms", Chem.Mol.GetNumAtoms),
        ("fails", fails),
        ("infinite", lambda molecule: -np.inf),
        ("huge", lambda molecule: 1e300),
        ("none", lambda molecule: None),
    ]
    monkeypatch.setattr(Descriptors, "descList", planted)
    found = descriptors.encode(["CCO", "C"])
    assert np.array_equal(found, [[3] + [np.nan] * 4, [1] + [np.nan] * 4], equal_nan=True)


@pytest.mark.parametrize("encode", [morgan.encode, descriptors.encode])
def test_an_unreadable_structure_is_refused_by_name(encode):
    with pytest.raises(LacunaError, match=r"1 structures .*'C1CC \(SMILES that cannot be read\)'"):
        encode(["CCO", "C1CC"])


@pytest.mark.parametrize("name", ["morgan", "descriptors"])
def test_sizes_are_those_of_the_cards(name):
    module, size = card.encoder_module(name), card.encoder_card(name).size
    assert module.encode(["CCO"]).shape == (1, size)
    assert module.encode([]).shape == (0, size)


def test_the_scale_is_that_of_training_by_definition():
    training = np.array([[1, np.nan, 5, np.nan, 2], [3, 4, 5, np.inf, 2], [5, 8, 5, np.nan, 2]])
    scaler = Scaler.fit(training)
    held_out = np.array([[7, np.nan, 9, 3, 2.5], [-1e30, 1e30, np.nan, -np.inf, np.nan]])
    scaled = scaler.apply(held_out)
    assert scaled.dtype == np.float32
    sd = np.sqrt(8 / 3)  # of 1, 3, 5
    assert scaled[0] == pytest.approx([4 / sd, 0, 0, 0, 0])
    assert scaled[1] == pytest.approx([-CLIPPED, CLIPPED, 0, 0, 0])
    assert np.array_equal(Scaler(**scaler.state()).apply(held_out), scaled)
    both = Scaler.fit(np.vstack([training, held_out]))
    assert not np.array_equal(both.mean, scaler.mean)  # so a leak would show


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5)))
@settings(deadline=None)
def test_scaled_vectors_are_always_finite(vectors):
    with np.errstate(all="raise", under="ignore"):
        scaled = Scaler.fit(vectors).apply(vectors[::-1])
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= CLIPPED


def test_cards_say_what_is_needed():
    assert card.available() == ["admet", "descriptors", "dmpnn", "morgan"]
    for name in card.available():
        found = card.encoder_card(name)
        assert found.label and found.summary and "https://doi.org/" in found.source
        assert bool(found.needs) == bool(found.modules) == bool(found.extra)
        assert hasattr(card.encoder_module(name), "network" if found.trained else "encode")
        for option in card.encoder_options(name).values():
            assert option.default in option.meaning.values
            assert option.meaning.summary


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("morgn", {}, "unknown encoder 'morgn' .did you mean 'morgan'"),
        ("morgan", {"bit": 512}, "no option 'bit' .did you mean 'bits'"),
        ("morgan", {"bits": 500}, "bits is 500, expected one of 512, 1024, 2048"),
        ("morgan", {"radius": True}, "radius is True"),
        ("descriptors", {"bits": 512}, "it has none"),
        ("admet", {"part": "regresion"}, "did you mean 'regression'"),
    ],
)
def test_options_that_there_are_not_are_refused(name, options, says):
    with pytest.raises(LacunaError, match=says):
        card.check_encoder_options(name, options)


def test_options_are_filled_in():
    assert card.check_encoder_options("morgan", {"bits": 2048}) == {"bits": 2048, "radius": 2}


@pytest.mark.parametrize("name", ["admet", "dmpnn"])
def test_a_missing_package_is_named_with_what_to_install(name, monkeypatch):
    monkeypatch.setattr(card, "find_spec", lambda module: None)
    with pytest.raises(LacunaError, match=f"encoder {name} needs .*pip install .*chemprop>=2.2"):
        card.check_installed(name)
    card.check_installed("morgan")
