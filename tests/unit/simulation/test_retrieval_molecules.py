"""Drawn molecules can be read, differ, and carry the fragments that they are said to carry."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

from lacuna.errors import LacunaError
from lacuna.simulation import molecules
from lacuna.simulation.fragments import FRAGMENTS
from lacuna.structures.fingerprints import structure_similarity

MECHANISMS = 12


@pytest.fixture(scope="module")
def drawn():
    return molecules.draw_molecules(300, MECHANISMS, np.random.default_rng(3))


@pytest.fixture(scope="module")
def read(drawn):
    return [Chem.MolFromSmiles(smiles) for smiles in drawn.table["smiles"]]


def bound_to_a_ring(fragment):
    """Return the pattern of a fragment whose first atom binds to a ring."""
    return Chem.MolFromSmarts("[R]" + fragment)


def test_structures_are_canonical_and_none_stands_twice(drawn, read):
    table = drawn.table
    assert all(molecule is not None for molecule in read)
    assert [Chem.MolToSmiles(molecule) for molecule in read] == table["smiles"].tolist()
    assert [Chem.MolToInchiKey(molecule) for molecule in read] == table["inchi_key"].tolist()
    assert table["smiles"].is_unique
    assert table["inchi_key"].is_unique
    assert not table["smiles"].str.contains(".", regex=False).any()  # parents, no salts


def test_shares_are_those_of_the_design(drawn):
    share = drawn.table["kind"].value_counts(normalize=True)
    assert share.to_dict() == pytest.approx({"active": 0.55, "silent": 0.25, "cliff": 0.2})
    active = drawn.table[drawn.table["kind"] == "active"]
    assert active["mechanism"].value_counts().min() >= len(active) // MECHANISMS
    assert sorted(active["mechanism"].unique()) == list(range(MECHANISMS))
    assert (drawn.table["mechanism"] == -1).equals(drawn.table["kind"] == "silent")


def test_a_molecule_acts_just_if_substructure_search_finds_both_fragments_of_a_mechanism(
    drawn, read
):
    pairs = drawn.mechanisms[["first_fragment", "second_fragment"]].to_numpy()
    patterns = {fragment: bound_to_a_ring(fragment) for fragment, _ in FRAGMENTS}
    for row, molecule in zip(drawn.table.itertuples(), read, strict=True):
        found = {name for name, pattern in patterns.items() if molecule.HasSubstructMatch(pattern)}
        assert found == {row.first_fragment, row.second_fragment} - {""}
        acts_by = [number for number, pair in enumerate(pairs) if found >= set(pair)]
        assert acts_by == ([row.mechanism] if row.kind == "active" else [])


def test_silent_molecules_carry_one_fragment_or_two_that_do_not_belong_together_or_none(drawn):
    silent = drawn.table[drawn.table["kind"] == "silent"]
    carried = silent[["first_fragment", "second_fragment"]].ne("").sum(axis=1)
    assert (carried.value_counts(normalize=True) > 0.3).all()
    assert len(carried.unique()) == 3


def test_a_fragment_alone_does_not_tell_the_mechanism(drawn):
    for end in ("first_fragment", "second_fragment"):
        assert (drawn.mechanisms[end].value_counts() == 3).all()
    assert not drawn.mechanisms[["first_fragment", "second_fragment"]].duplicated().any()
    own = molecules.draw_molecules(
        60, MECHANISMS, np.random.default_rng(0), mechanisms_per_fragment=1
    ).mechanisms
    both = own["first_fragment"].tolist() + own["second_fragment"].tolist()
    assert len(set(both)) == 2 * MECHANISMS


def test_a_cliff_differs_from_an_active_molecule_in_one_atom(drawn, read):
    table = drawn.table
    alike = structure_similarity(table["smiles"].to_numpy())
    cliffs = table.index[table["kind"] == "cliff"]
    partners = table.loc[cliffs, "cliff_of"]
    assert partners.is_unique
    assert (table.loc[table["kind"] != "cliff", "cliff_of"] == -1).all()
    for cliff, partner in partners.items():
        assert table.loc[partner, "kind"] == "active"
        assert table.loc[partner, "mechanism"] == table.loc[cliff, "mechanism"]
        one, other = read[cliff], read[partner]
        assert one.GetNumAtoms() == other.GetNumAtoms()
        shared = [bonds_without_elements(molecule) for molecule in (one, other)]
        assert shared[0] == shared[1]
        kept = [table.loc[cliff, f"{end}_fragment"] for end in ("first", "second")]
        assert sum(fragment != "" for fragment in kept) == 1
    assert np.median(alike[cliffs, partners]) > 0.6  # near twins: nearest neighbours mislead
    assert np.median(alike) < 0.2


def bonds_without_elements(molecule):
    """Return a canonical text of the molecule's graph, in which every atom is a carbon."""
    graph = Chem.RWMol()
    for _ in molecule.GetAtoms():
        graph.AddAtom(Chem.AtomFromSmarts("*"))
    for bond in molecule.GetBonds():
        graph.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return Chem.MolToSmiles(graph)


def test_only_stereo_twins_share_the_first_block_and_the_fingerprint(drawn):
    table = drawn.table
    twins = table.index[table["twin_of"] >= 0]
    assert len(twins) == round(0.04 * len(table))
    others = table.loc[twins, "twin_of"]
    block = table["inchi_key"].str[:14]
    assert (block[twins].to_numpy() == block[others].to_numpy()).all()
    assert block.duplicated().sum() == len(twins)
    assert (table.loc[twins, "mechanism"].to_numpy() == table.loc[others, "mechanism"]).all()
    assert (table.loc[twins, "kind"] == "active").all()
    alike = structure_similarity(table["smiles"].to_numpy())
    assert (alike[twins, others] == 1).all()


def test_scaffolds_are_shared_by_molecules_of_many_mechanisms(drawn):
    table = drawn.table
    scaffold = table["smiles"].map(
        lambda smiles: MurckoScaffoldSmiles(smiles.replace("@@", "@").replace("[C@H]", "C"))
    )
    active = table["kind"] == "active"
    size = scaffold[active].value_counts()
    assert size.median() >= 3
    mechanisms = table[active].groupby(scaffold[active])["mechanism"].nunique()
    assert (mechanisms / mechanisms.index.map(size)).median() > 0.6
    assert scaffold[table["mechanism"] == 0].nunique() > 6


@pytest.mark.parametrize("number", range(8))
def test_a_salt_has_the_parent_it_was_made_of(drawn, number):
    methylated = drawn.table["smiles"].str.contains("CN(C)c", regex=False)
    for which in (methylated, ~methylated):
        smiles = drawn.table.loc[which, "smiles"].iloc[number % which.sum()]
        salt = Chem.MolFromSmiles(molecules.write_as_salt(smiles, number))
        assert len(Chem.GetMolFrags(salt)) == 2
        assert Chem.GetFormalCharge(salt) == 0
        parent = rdMolStandardize.Uncharger().uncharge(
            rdMolStandardize.LargestFragmentChooser().choose(salt)
        )
        assert Chem.MolToInchiKey(parent) == molecules.identify(smiles)[1]


def test_some_salts_are_charged(drawn):
    salts = [molecules.write_as_salt(smiles, 0) for smiles in drawn.table["smiles"]]
    charged = [salt for salt in salts if salt.endswith(".[Cl-]")]
    assert 0.02 < len(charged) / len(salts) < 0.4
    assert all("[NH+]" in salt for salt in charged)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"number": 19, "mechanisms": 4}, "19 drugs; expected at least 20 for 4 mechanisms"),
        ({"number": 60, "mechanisms": 31}, "60 drugs; expected at least 62 for 31 mechanisms"),
        ({"number": 300, "mechanisms": 0}, "0 mechanisms, 3 of a fragment"),
        ({"number": 300, "mechanisms": 49}, "expected 1 to 16 mechanisms times these"),
        ({"number": 300, "mechanisms": 9, "mechanisms_per_fragment": 0}, "0 of a fragment"),
        ({"number": 300, "mechanisms": 9, "mechanisms_per_fragment": 17}, "Ask for fewer"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked, complaint):
    with pytest.raises(LacunaError, match=complaint):
        molecules.draw_molecules(rng=np.random.default_rng(0), **asked)


def test_molecules_that_run_out_are_named(monkeypatch):
    monkeypatch.setattr(molecules, "GROUPS", ("C",))
    monkeypatch.setattr(molecules, "TRIES", 3)
    with pytest.raises(LacunaError, match=r"no new molecule in 3 tries after \d+ of 300"):
        molecules.draw_molecules(300, 1, np.random.default_rng(0))


@pytest.mark.parametrize(("number", "mechanisms"), [(20, 1), (20, 10), (40, 16), (96, 48)])
def test_small_sets_have_every_kind(number, mechanisms):
    table = molecules.draw_molecules(number, mechanisms, np.random.default_rng(1)).table
    assert set(table["kind"]) == {"active", "cliff", "silent"}
    assert len(table) == number
    assert (table["twin_of"] >= 0).any()
    assert set(table.loc[table["kind"] == "active", "mechanism"]) == set(range(mechanisms))
