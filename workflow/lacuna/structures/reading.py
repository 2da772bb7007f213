"""Reading SMILES that others wrote: a molecule, or the reason why there is none."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lacuna.errors import LacunaError, listed

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# Why there is no molecule.
MISSING = "missing"
RESTRICTED = "restricted"
UNREADABLE = "SMILES that cannot be read"
TOO_LARGE = "too large"
NOT_ONLY_ELEMENTS = "an atom that is no element"
NO_HEAVY_ATOM = "no heavy atom"
NOT_STANDARDISED = "cannot be standardised"
NO_KEY = "no InChIKey"
REASONS = (
    MISSING,
    RESTRICTED,
    UNREADABLE,
    TOO_LARGE,
    NOT_ONLY_ELEMENTS,
    NO_HEAVY_ATOM,
    NOT_STANDARDISED,
    NO_KEY,
)

NOTHING = {"", "-666", "-666.0", "nan", "none", "null"}  # LINCS, and tables that lost a blank
# ChemAxon's extension behind a SMILES: what it says of stereochemistry, and labels of atoms.
EXTENSION = re.compile(
    r"\s+\|(?:r|(?:a|c|t|ctu|w[UD]?|&\d+|o\d+):[\d,.]+|\$(?P<labels>[^$|]*)\$|,)*\|$"
)
MAX_ATOMS = 1000  # InChI knows no more than 1,023; the largest drugs, peptides, have some hundred
MAX_LETTERS = 10 * MAX_ATOMS  # of a text; no molecule within the limit takes so many


def read_structure(text: object) -> "tuple[Mol, str] | tuple[None, str]":
    """Return the molecule of a SMILES, or why there is none.

    Labels of atoms (``[CH3:1]``) are dropped, and what ChemAxon's extension says behind the SMILES
    (``CC(O)N |r|``), as that a centre is racemic; nothing else is: salts stay. A remark that it
    keeps as an atom of its own, without element or bond and with a label, is dropped with it.

    Parameters
    ----------
    text
        What stands where a SMILES should; anything.

    Returns
    -------
    molecule or None, reason or ""
        The reason is one of `REASONS`.
    """
    if not isinstance(text, str) or text.strip().casefold() in NOTHING:
        return None, MISSING
    text = text.strip()
    extension = EXTENSION.search(text)
    labels = (extension["labels"] or "").split(";") if extension else []
    text = EXTENSION.sub("", text)
    if text.casefold() == "restricted":  # LINCS, of compounds whose makers keep them secret
        return None, RESTRICTED
    if len(text) > MAX_LETTERS:
        return None, TOO_LARGE
    # Imported where used: RDKit takes a second.
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            molecule = Chem.MolFromSmiles(text, _plainly())
        except Exception:  # e.g. half a character (UnicodeEncodeError), or what C++ throws
            molecule = None
    if molecule is not None and any(labels):
        molecule = _without_remarks(molecule, labels)
    if molecule is None:
        return None, UNREADABLE
    if molecule.GetNumAtoms() > MAX_ATOMS:
        return None, TOO_LARGE
    if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        return None, NOT_ONLY_ELEMENTS
    if molecule.GetNumHeavyAtoms() == 0:
        return None, NO_HEAVY_ATOM
    for atom in molecule.GetAtoms():
        atom.SetAtomMapNum(0)
    return molecule, ""


def _without_remarks(molecule: "Mol", labels: Sequence[str]) -> "Mol | None":
    """Drop atoms that are labels and nothing else; None where another atom has one, as R1."""
    from rdkit.Chem import RWMol

    remarks = [number for number, label in enumerate(labels) if label]
    if remarks[-1] >= molecule.GetNumAtoms():
        return None
    atoms = [molecule.GetAtomWithIdx(number) for number in remarks]
    if any(atom.GetAtomicNum() or atom.GetDegree() for atom in atoms):
        return None
    left = RWMol(molecule)
    for number in reversed(remarks):
        left.RemoveAtom(number)
    return left.GetMol()


@cache
def _plainly() -> Any:
    """Return RDKit's parameters with which a text is a SMILES and nothing more."""
    from rdkit.Chem import SmilesParserParams

    parameters: Any = SmilesParserParams()  # its stubs say that these are no truth values
    parameters.parseName = False
    parameters.allowCXSMILES = False
    return parameters


def read_structures(smiles: Sequence[str]) -> "list[Mol]":
    """Return the molecules of SMILES that are known to be good, as `identify` gives them.

    Raises
    ------
    LacunaError
        If there is one without a molecule.
    """
    read = [read_structure(text) for text in smiles]
    bad = [f"{text} ({said})" for text, (_, said) in zip(smiles, read, strict=True) if said]
    if bad:
        raise LacunaError(
            f"{len(bad)} structures cannot be encoded: {listed(bad)}. Expected SMILES as "
            "lacuna.structures.identity.identify gives them; leave out those that it refuses."
        )
    return [molecule for molecule, _ in read if molecule is not None]
