"""Molecules whose structure says what they do: two fragments of a mechanism, on varied scaffolds.

A molecule is a core (two rings and a linker) that carries three groups. Cores are shared by
molecules of any mechanism, as in the series of a chemical library. Every mechanism has two
fragments, its own or shared with other mechanisms, each of which has another pair; a molecule acts
by a mechanism only if it carries both of its fragments, anywhere on its core:

- active: both fragments of its mechanism.
- cliff: the near twin of an active molecule, in which an atom of one fragment is another. It does
  nothing.
- silent: one fragment, or two that do not belong together, or none. It does nothing, either.

Some active molecules are stereo twins, mirror images of each other: they share the first block of
the InChIKey. All others differ in the first block.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.simulation.fragments import (
    COUNTER_IONS,
    FIRST_RINGS,
    FRAGMENTS,
    GROUPS,
    HANDED_LINKERS,
    LINKERS,
    SECOND_RINGS,
)

CLIFF_SHARE, SILENT_SHARE = 0.2, 0.25  # of the molecules
TWIN_SHARE = 0.04  # of the molecules, which are the mirror image of another
MOLECULES_PER_CORE = 8
# Were it 1, one fragment would tell the mechanism, as one scaffold did in the first screen: a
# look-up. By 3, fragments are what medicinal chemistry calls privileged, and only pairs tell.
MECHANISMS_PER_FRAGMENT = 3
FEWEST = 20  # molecules, so that there are some of every kind
TRIES = 1000  # until a molecule is a new one
FIRST_BLOCK = 14  # letters of an InChIKey for the connections, without stereochemistry
FLAT = "-UHFFFAOYSA-"  # second block of an InChIKey without stereochemistry


class Parts(NamedTuple):
    """What a molecule is made of; the groups are in the order of the places on the core."""

    first_ring: str
    linker: str
    second_ring: str
    groups: tuple[str, str, str]

    def smiles(self) -> str:
        """Return the structure, as it is put together."""
        first, second, third = self.groups
        second_ring = self.second_ring.format(second, third)
        return self.first_ring.format(first, self.linker + second_ring)

    def mirror(self) -> "Parts":
        """Return the mirror image; of a molecule without a handed linker, itself."""
        left = "[C@@H]" in self.linker
        linker = self.linker.replace("@@", "@") if left else self.linker.replace("@", "@@")
        return self._replace(linker=linker)


@dataclass(frozen=True)
class Molecules:
    """Drawn molecules.

    Attributes
    ----------
    table : DataFrame, a row per molecule
        kind (active, cliff or silent), mechanism (of a cliff, the one that it lost; -1 if silent),
        smiles (canonical), inchi_key, first_fragment and second_fragment (SMILES of the fragments
        that it carries, empty where it lacks one), cliff_of and twin_of (row of the molecule that
        it is the near twin or the mirror image of, else -1).
    mechanisms : DataFrame, a row per mechanism
        mechanism, first_fragment, second_fragment, first_altered, second_altered.
    """

    table: pd.DataFrame
    mechanisms: pd.DataFrame


def draw_molecules(
    number: int,
    mechanisms: int,
    rng: np.random.Generator,
    *,
    mechanisms_per_fragment: int = MECHANISMS_PER_FRAGMENT,
) -> Molecules:
    """Draw active molecules, cliffs and silent ones, in any order.

    Parameters
    ----------
    number, mechanisms
        How many.
    rng
        The random stream of the structures.
    mechanisms_per_fragment
        How many mechanisms share a fragment, at most. If 1, one fragment tells the mechanism, and
        the other only whether the molecule acts.

    Raises
    ------
    LacunaError
        If there are not fragments enough for the mechanisms, or the molecules are too few.
    """
    pairs = _pair_fragments(mechanisms, mechanisms_per_fragment)
    if number < max(FEWEST, 2 * mechanisms):
        raise LacunaError(
            f"the simulation of structures: {number} drugs; expected at least "
            f"{max(FEWEST, 2 * mechanisms)} for {mechanisms} mechanisms. Ask for more drugs."
        )
    fragments = rng.permutation(len(FRAGMENTS))[pairs]
    drawing = _Drawing(number, fragments, rng)
    drawing.draw_active()
    drawing.draw_cliffs()
    drawing.draw_silent()
    return Molecules(drawing.shuffled_table(), _mechanism_table(fragments))


def _pair_fragments(mechanisms: int, each: int) -> np.ndarray:
    """Return two fragments of each mechanism, no pair twice: int array (mechanisms, 2)."""
    ends = max(-(-mechanisms // max(each, 1)), each)  # number of first fragments, and of second
    if mechanisms < 1 or each < 1 or 2 * ends > len(FRAGMENTS):
        raise LacunaError(
            f"the simulation of structures: {mechanisms} mechanisms, {each} of a fragment; "
            f"expected 1 to {len(FRAGMENTS) // 2} mechanisms times these, which are 1 to "
            f"{len(FRAGMENTS) // 2}. Ask for fewer."
        )
    turn, first = np.divmod(np.arange(mechanisms), ends)
    return np.stack([first, ends + (first + turn) % ends], axis=1)


def write_as_salt(smiles: str, number: int) -> str:
    """Return the salt of a molecule: an ammonium ion and its counter-ion, or with a free acid.

    Parameters
    ----------
    smiles
        The parent.
    number
        Salts of consecutive numbers differ in the acid.
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    amine = Chem.MolFromSmarts("[NX3;H0;+0](-[CH3])(-[CH3])-[#6]")
    bound = molecule.GetSubstructMatch(amine)
    if not bound:
        return f"{smiles}.{COUNTER_IONS[number % len(COUNTER_IONS)]}"
    nitrogen = molecule.GetAtomWithIdx(bound[0])
    nitrogen.SetFormalCharge(1)
    Chem.SanitizeMol(molecule)
    return f"{Chem.MolToSmiles(molecule)}.[Cl-]"


def identify(smiles: str) -> tuple[str, str]:
    """Return the canonical SMILES and the InChIKey of a structure that RDKit can read."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():  # InChI warns of every proton that may move
        molecule = Chem.MolFromSmiles(smiles)
        return Chem.MolToSmiles(molecule), Chem.MolToInchiKey(molecule)


class _Row(NamedTuple):
    """A row of the table of molecules."""

    kind: str
    mechanism: int
    smiles: str
    inchi_key: str
    first_fragment: str
    second_fragment: str
    cliff_of: int
    twin_of: int


class _Drawing:
    """Molecules as they are drawn, one row each."""

    def __init__(self, number: int, fragments: np.ndarray, rng: np.random.Generator):
        self._number = number
        self._fragments = fragments
        self._rng = rng
        self._rows: list[_Row] = []
        self._parts: list[Parts] = []
        self._seen: set[str] = set()
        linkers = [HANDED_LINKERS[rng.integers(len(HANDED_LINKERS))]]  # one core at least
        linkers += rng.choice(
            LINKERS + HANDED_LINKERS, max(1, number // MOLECULES_PER_CORE) - 1
        ).tolist()
        self._cores = [
            Parts(str(rng.choice(FIRST_RINGS)), linker, str(rng.choice(SECOND_RINGS)), ("",) * 3)
            for linker in linkers
        ]

    def draw_active(self) -> None:
        """Draw the active molecules, mechanisms in turn, first of all the stereo twins."""
        number = self._number - self._count(CLIFF_SHARE) - self._count(SILENT_SHARE)
        twins = max(1, self._count(TWIN_SHARE))
        handed = [core for core in self._cores if "@" in core.linker]
        for position in range(number - twins):
            mechanism = position % len(self._fragments)
            first, second = self._fragments[mechanism].tolist()
            self._add_new(handed if position < twins else self._cores, mechanism, (first, second))
            if position < twins:
                mirror, drawn = self._parts[-1].mirror(), len(self._rows) - 1
                self._add(mirror, "active", mechanism, (first, second), twin_of=drawn)

    def draw_cliffs(self) -> None:
        """Alter one fragment of some active molecules, each of them once."""
        active = [row for row, drawn in enumerate(self._rows) if drawn.twin_of == -1]
        for row in self._rng.permutation(active)[: self._count(CLIFF_SHARE)].tolist():
            mechanism = self._rows[row].mechanism
            first, second = self._fragments[mechanism].tolist()
            lost = int(self._rng.integers(2))
            intact, altered = FRAGMENTS[(first, second)[lost]]
            one, two, three = (
                altered if group == intact else group for group in self._parts[row].groups
            )
            parts = self._parts[row]._replace(groups=(one, two, three))
            left = (-1, second) if lost == 0 else (first, -1)
            self._add(parts, "cliff", mechanism, left, cliff_of=row)

    def draw_silent(self) -> None:
        """Draw molecules with one fragment, with two that do not belong together, and without."""
        used = set(map(tuple, self._fragments.tolist()))
        firsts, seconds = (np.unique(end).tolist() for end in self._fragments.T)
        strange = [(one, other) for one in firsts for other in seconds if (one, other) not in used]
        for position in range(self._count(SILENT_SHARE)):
            carried = (-1, -1)
            if position % 3 == 1 and strange:
                carried = strange[self._rng.integers(len(strange))]
            elif position % 3 < 2:
                first, second = self._fragments[self._rng.integers(len(used))].tolist()
                carried = (first, -1) if self._rng.random() < 0.5 else (-1, second)
            self._add_new(self._cores, -1, carried)

    def shuffled_table(self) -> pd.DataFrame:
        """Return the rows in a random order, so that none is told by its place."""
        order = self._rng.permutation(len(self._rows))
        place = np.append(np.argsort(order), -1)  # -1 stays -1
        table = pd.DataFrame(self._rows).iloc[order].reset_index(drop=True)
        return table.assign(**{column: place[table[column]] for column in ("cliff_of", "twin_of")})

    def _count(self, share: float) -> int:
        return round(share * self._number)

    def _add_new(self, cores: list[Parts], mechanism: int, carried: tuple[int, int]) -> None:
        """Put fragments, and other groups where places are left, onto a core: a new molecule."""
        rng = self._rng
        groups = [FRAGMENTS[which][0] for which in carried if which >= 0]
        for _ in range(TRIES):
            filled = [*groups, *rng.choice(GROUPS, 3 - len(groups)).tolist()]
            one, two, three = (filled[place] for place in rng.permutation(3))
            parts = cores[rng.integers(len(cores))]._replace(groups=(one, two, three))
            inchi_key = identify(parts.smiles())[1]
            symmetric = "@" in parts.linker and FLAT in inchi_key  # its own mirror image
            if inchi_key[:FIRST_BLOCK] not in self._seen and not symmetric:
                self._add(parts, "silent" if mechanism < 0 else "active", mechanism, carried)
                return
        raise LacunaError(
            f"the simulation of structures: no new molecule in {TRIES} tries after "
            f"{len(self._rows)} of {self._number}; expected room for all. Ask for fewer drugs."
        )

    def _add(
        self,
        parts: Parts,
        kind: str,
        mechanism: int,
        carried: tuple[int, int],
        cliff_of: int = -1,
        twin_of: int = -1,
    ) -> None:
        smiles, inchi_key = identify(parts.smiles())
        self._seen.add(inchi_key[:FIRST_BLOCK])
        self._parts.append(parts)
        first, second = (FRAGMENTS[which][0] if which >= 0 else "" for which in carried)
        self._rows.append(
            _Row(kind, mechanism, smiles, inchi_key, first, second, cliff_of, twin_of)
        )


def _mechanism_table(fragments: np.ndarray) -> pd.DataFrame:
    named = {
        f"{end}_{form}": [FRAGMENTS[which][number] for which in fragments[:, place]]
        for place, end in enumerate(("first", "second"))
        for number, form in enumerate(("fragment", "altered"))
    }
    return pd.DataFrame({"mechanism": np.arange(len(fragments)), **named})
