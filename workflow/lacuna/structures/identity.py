"""Which compounds are the same: the parent structure behind a SMILES, and its InChIKey.

A compound is its parent: without salts and solvents, uncharged where hydrogen can do that. The full
InChIKey of the parent is its identity; the first block, in which stereochemistry has no part,
groups stereo twins so that no split divides them.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.perturbations import of_knock_downs
from lacuna.structures.reading import (
    NO_HEAVY_ATOM,
    NO_KEY,
    NOT_STANDARDISED,
    REASONS,
    read_structure,
)

if TYPE_CHECKING:
    from rdkit.Chem import Mol

KEY = r"[A-Z]{14}-[A-Z]{10}-[A-Z]"  # LINCS writes "restricted" where it does not say one
BLOCK_LETTERS = 14  # of an InChIKey: its first block, the hash of the skeleton
CARBON = 6
COLUMNS = ["smiles", "inchi_key", "block", "scaffold", "said"]


class Identity(NamedTuple):
    """Who a compound is; all texts but `said` are None where the structure is unusable.

    Attributes
    ----------
    smiles : str or None
        Canonical isomeric SMILES of the parent.
    inchi_key : str or None
        Full InChIKey of the parent; a function of `smiles`.
    block : str or None
        Its first block, which stereo twins share.
    scaffold : str or None
        SMILES of the Bemis-Murcko scaffold, without stereochemistry; empty without a ring.
    said : str
        Empty, or why the structure is unusable: one of `lacuna.structures.reading.REASONS`.
    """

    smiles: str | None = None
    inchi_key: str | None = None
    block: str | None = None
    scaffold: str | None = None
    said: str = ""


def identify(smiles: "pd.Series | Sequence[object]", *, progress: bool = True) -> pd.DataFrame:
    """Return who each compound is, one row for each SMILES.

    Parameters
    ----------
    smiles : Series or sequence
        SMILES as sources give them: texts, blanks, -666, "restricted". Equal ones are worked on
        once.
    progress
        Whether a bar shows how far the work is.

    Returns
    -------
    DataFrame
        Columns as in `Identity`, by the index of `smiles`; no row is left out.
    """
    texts = smiles if isinstance(smiles, pd.Series) else pd.Series(list(smiles), dtype=object)
    read = [text if isinstance(text, str) else None for text in texts]
    distinct = list(dict.fromkeys(read))
    bar = tqdm(distinct, desc="structures", mininterval=5, disable=not progress)
    known = {text: identity_of(text) for text in bar}
    rows = pd.DataFrame([known[text] for text in read], columns=COLUMNS, dtype=object)
    return rows.set_axis(texts.index, axis=0)


def count_reasons(identities: pd.DataFrame) -> dict[str, int]:
    """Count the unusable structures by reason, in the order of `REASONS`, without zeros."""
    count = identities["said"].value_counts()
    return {reason: int(count[reason]) for reason in REASONS if reason in count}


def unique_compounds(identities: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each InChIKey, with one canonical SMILES.

    Two SMILES with one key are tautomers of each other. The first in the order of the alphabet is
    taken, so that the order of rows does not matter.

    Returns
    -------
    DataFrame
        Columns smiles, block, scaffold; by inchi_key, sorted.
    """
    usable = identities[identities["said"] == ""].sort_values(["inchi_key", "smiles"])
    return usable.drop_duplicates("inchi_key").set_index("inchi_key")[COLUMNS[0:1] + COLUMNS[2:4]]


def group_compounds(identities: pd.DataFrame, by: str = "block") -> pd.Series:
    """Return the group of each usable compound that no split may divide.

    Parameters
    ----------
    identities
        What `identify` gives.
    by
        "block" for stereo twins, "scaffold" for compounds of one scaffold and their twins. A few
        twins differ in scaffold (tautomers): their scaffolds are one group. Compounds without a
        ring share no scaffold: they are grouped by block.

    Returns
    -------
    Series of str
        The first block in the group, in the order of the alphabet; by the index of usable rows.

    Raises
    ------
    LacunaError
        If there is no such grouping.
    """
    if by not in ("block", "scaffold"):
        raise LacunaError(f"compounds are grouped by {by!r}, expected 'block' or 'scaffold'.")
    usable = identities[identities["said"] == ""]
    if by == "block":
        return usable["block"].rename("group")
    # Without a ring there is no scaffold to share.
    scaffold = usable["scaffold"].where(usable["scaffold"] != "", "no ring in " + usable["block"])
    blocks, block_names = pd.factorize(usable["block"], sort=True)
    scaffolds, scaffold_names = pd.factorize(scaffold)
    size = len(block_names) + len(scaffold_names)
    links = coo_array(
        (np.ones(len(usable)), (blocks, len(block_names) + scaffolds)), shape=(size, size)
    )
    component = connected_components(links, directed=False)[1][blocks]
    first = pd.Series(blocks).groupby(component).transform("min")
    return pd.Series(block_names[first], usable.index, name="group", dtype=object)


def drug_groups(drugs: pd.DataFrame) -> np.ndarray:
    """Return the group of each drug that no split may divide: stereo twins, and salts.

    Drugs are of one group if the first block of an InChIKey is the same, be it that of the parent
    of their SMILES, which has no salt, or that of the key which is said of them, or if others link
    them so. Hairpins of one gene and their consensus are one group, too, as one is made of the
    others. A drug of which neither is known stands by itself.

    Parameters
    ----------
    drugs
        As tensor/drugs.tsv has them; of its columns smiles, inchi_key, and pert_type with name,
        each may be missing.

    Returns
    -------
    int array of shape (drugs,)
        The row of the group's first drug, so that drugs without twins are called by their own row.
    """
    rows = pd.Series(np.arange(len(drugs)))
    said = drugs.reindex(columns=["smiles", "inchi_key", "pert_type", "name"]).astype(object)
    said = said.set_axis(rows, axis=0)
    key = said["inchi_key"].where(said["inchi_key"].astype(str).str.fullmatch(KEY))
    hairpins = said["name"].where(of_knock_downs(said["pert_type"]) & said["name"].notna())
    names = [
        identify(said["smiles"], progress=False)["block"],
        key.astype(object).str[:BLOCK_LETTERS],
        "gene " + hairpins.astype(object).str.casefold(),
    ]
    known = pd.concat(names).dropna()
    blocks, count = pd.factorize(known)[0], known.nunique()
    size = len(rows) + count
    links = coo_array((np.ones(len(known)), (known.index, len(rows) + blocks)), shape=(size, size))
    component = connected_components(links, directed=False)[1][: len(rows)]
    return rows.groupby(component).transform("min").to_numpy()


def identity_of(text: object) -> Identity:
    """Return who the compound of one SMILES is; never raises for what the text may be."""
    molecule, said = read_structure(text)
    if molecule is None:
        return Identity(said=said)
    # Imported where used: RDKit takes a second.
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            # Read anew, so that all that follows depends on the SMILES alone.
            smiles = Chem.MolToSmiles(parent_of(molecule))
            molecule, said = read_structure(smiles)
            smiles = Chem.MolToSmiles(molecule) if molecule else smiles
            key = Chem.MolToInchiKey(molecule) if molecule else ""
            scaffold = _scaffold_of(molecule) if molecule else ""
        except Exception:  # RDKit's C++ throws of many kinds
            return Identity(said=NOT_STANDARDISED)
    if said:
        return Identity(said=said if said == NO_HEAVY_ATOM else NOT_STANDARDISED)
    if not key:
        return Identity(said=NO_KEY)
    return Identity(smiles, key, key[:BLOCK_LETTERS], scaffold)


def parent_of(molecule: "Mol") -> "Mol":
    """Return the parent: cleaned up, its largest fragment, uncharged.

    A substance without carbon in that fragment stays whole: cisplatin is not hydrogen chloride, nor
    is table salt.
    """
    steps = _standardisers()
    cleaned = steps.standardise.Cleanup(molecule)
    fragment = steps.choose.choose(cleaned)
    if not any(atom.GetAtomicNum() == CARBON for atom in fragment.GetAtoms()):
        return cleaned
    return steps.uncharge.uncharge(fragment)


class _Standardisers(NamedTuple):
    standardise: Any
    choose: Any
    uncharge: Any


@cache
def _standardisers() -> _Standardisers:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return _Standardisers(
        rdMolStandardize,
        rdMolStandardize.LargestFragmentChooser(),
        rdMolStandardize.Uncharger(),
    )


def _scaffold_of(molecule: "Mol") -> str:
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold

    # Stereochemistry is left out when written: twins have one scaffold.
    return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(molecule), isomericSmiles=False)
