"""What is meant by a name: drugs, cells and genes of an index, as people call them."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.genes import without_version
from lacuna.io.landmarks import landmarks
from lacuna.tensor.labels import BETWEEN_IDS

INCHI_KEY = re.compile(r"([A-Z]{14})(-[A-Z]{10}-[A-Z])?")
ATOM = re.compile(
    r"\[\d*(?P<bracket>[A-Z][a-z]?|[a-z]{1,2})[^\]]*\]|(?P<bare>Cl|Br|[BCNOPSFIbcnops])"
)
SMILES = re.compile(r"(?:Cl|Br|[BCNOPSFIbcnops]|\[[^\[\]\s]+\]|[0-9%()=#$/\\.\-+:])+")
PUNCTUATION = re.compile(r"[\W_]+")
# Of what fell out: of how many experiments, and of that which came nearest to being kept.
NUMBERS = {
    "experiments": "of {:.0f} experiments",
    "replicates": "{:.0f} replicates",
    "acd": "ACD {:.3f}",
}


class Named(Protocol):
    """What has drugs, cells and genes, as `lacuna.explore.index.Index`."""

    @property
    def drugs(self) -> pd.DataFrame: ...
    @property
    def cells(self) -> pd.DataFrame: ...
    @property
    def genes(self) -> pd.DataFrame: ...
    @property
    def dropped(self) -> pd.DataFrame: ...


class Dropped(LacunaError):
    """What was measured and is not in the tensor; the message says at which step it fell out."""


def find_drug(index: Named, wanted: str) -> int:
    """Return the position of a drug.

    Parameters
    ----------
    index
        Where it is looked for.
    wanted
        Its id, its name, an id that was merged into it (all in any case), its InChIKey or the first
        block of that, or its SMILES.

    Raises
    ------
    Dropped
        If it was measured, and fell out before the tensor.
    LacunaError
        If there is none, or several may be meant.
    """
    drugs, text = index.drugs, wanted.strip()
    for known in (drugs["drug"], drugs["name"], drugs["ids"].str.split(re.escape(BETWEEN_IDS))):
        if (found := _called("drug", text, known, drugs)) is not None:
            return found
    if key := INCHI_KEY.fullmatch(text.upper()):
        column = drugs["inchi_key"].fillna("")
        alike = column.eq(key[0]) if key[2] else column.str.startswith(f"{key[1]}-")
        if (found := _one_of("drug", text, np.flatnonzero(alike), drugs)) is not None:
            return found
    if told := _why_dropped(index.dropped, "drug", text, ["drug", "name"]):
        raise Dropped(told)
    if SMILES.fullmatch(text):
        return _find_structure(drugs, text)
    names = [*drugs["drug"], *drugs["name"].dropna()]
    hint = did_you_mean(text, names)
    raise LacunaError(f"no drug {wanted!r}{hint} among the {len(drugs):,} of the tensor.")


def find_cell(index: Named, wanted: str) -> int:
    """Return the position of a cell, by its name in any case, with or without hyphens.

    Raises
    ------
    Dropped, LacunaError
        As `find_drug` does.
    """
    cells, text = index.cells, wanted.strip()
    for plain in (str, _without_punctuation):
        known = cells["cell"].astype(str).map(plain)
        if (found := _called("cell", plain(text), known, cells)) is not None:
            return found
    if told := _why_dropped(index.dropped, "cell", text, ["cell"]):
        raise Dropped(told)
    hint, names = did_you_mean(text, cells["cell"]), listed(cells["cell"], 12)
    raise LacunaError(f"no cell {wanted!r}{hint} among the {len(cells)} of the tensor: {names}.")


def find_gene(index: Named, wanted: str) -> int:
    """Return the position of a gene, by its symbol, its id or its Ensembl id, in any case.

    Raises
    ------
    LacunaError
        If there is none, or several are called so.
    """
    known = gene_names(index.genes)
    if (key := plain_name(wanted)) in known:
        return known[key]
    symbols = index.genes["symbol"][index.genes["symbol"].fillna("").ne("")]
    some = symbols if len(symbols) else index.genes["gene"]
    raise LacunaError(
        f"no gene {wanted!r}{did_you_mean(wanted.strip(), symbols)} among the "
        f"{len(index.genes):,} of the tensor, such as {listed(some, 3)}."
    )


def plain_name(gene: str) -> str:
    """Return the name of a gene as `gene_names` spells it: lower case, Ensembl ids unversioned."""
    return without_version(gene.strip().upper()).casefold()


def gene_names(genes: pd.DataFrame) -> dict[str, int]:
    """Return positions of genes by all their names, in lower case.

    Parameters
    ----------
    genes
        gene (id), symbol.

    Returns
    -------
    dict of int
        Symbols count before ids, these before Ensembl ids; a symbol of several genes is none.
    """
    known: dict[str, int] = {}
    ensembl = landmarks().set_index("entrez")["ensembl"]
    symbols, ids = genes["symbol"], genes["gene"].astype(str)
    for column in (symbols[~symbols.duplicated(keep=False)], ids, ids.map(ensembl)):
        for position, name in zip(column.index.to_numpy(int), column, strict=True):
            if isinstance(name, str) and name:
                known.setdefault(name.casefold(), int(position))
    return known


def _called(kind: str, text: str, known: pd.Series, table: pd.DataFrame) -> int | None:
    """Return the one row that is called so: as it is spelt, or else in any case."""
    several = known.explode()  # the ids of a drug are many
    exact = several.index[several == text].unique()
    if len(exact) == 1:
        return int(exact[0])
    alike = several.index[several.astype(str).str.casefold() == text.casefold()].unique()
    return _one_of(kind, text, alike, table)


def _one_of(kind: str, text: str, rows: Iterable[Any], table: pd.DataFrame) -> int | None:
    found = [int(row) for row in rows]
    if len(found) > 1:
        ids = table[kind].to_numpy()[found]
        raise LacunaError(f"{kind} {text!r} may be {listed(ids, 12)}; ask for one of these.")
    return found[0] if found else None


def _without_punctuation(text: str) -> str:
    return PUNCTUATION.sub("", text)


def _why_dropped(dropped: pd.DataFrame, kind: str, text: str, columns: list[str]) -> str:
    """Say at which step what is called so fell out; empty if it did not."""
    if dropped.empty:
        return ""
    rows = dropped[dropped["what"] == kind]
    called = pd.Series(False, index=rows.index)
    for column in columns:
        called |= rows[column].astype(str).str.casefold() == text.casefold()
    if not called.any():
        return ""
    row = rows[called].iloc[0]
    name = row["name"] if kind == "drug" and isinstance(row["name"], str) else ""
    said = f"{kind} {row[kind]}" + (f" ({name})" if name and name != row[kind] else "")
    return f"{said} was measured, and is not in the tensor: {_told(row)}."


def _told(row: pd.Series) -> str:
    """Say why a row of tensor/dropped.tsv fell out, with its numbers."""
    numbers = [
        text.format(row[column])
        for column, text in NUMBERS.items()
        if pd.notna(row[column]) and row[column]
    ]
    told = f"it fell out at the step '{row['step']}': {row['why']}"
    return told + (f" ({', '.join(numbers)})" if numbers else "")


def _find_structure(drugs: pd.DataFrame, text: str) -> int:
    """Return the drug of a structure: the same parent, by InChIKey."""
    from lacuna.structures.identity import identity_of  # RDKit takes a second

    wanted = identity_of(text)
    if wanted.inchi_key is None:
        raise LacunaError(f"no drug is called {text!r}, and as a structure: {wanted.said}.")
    # Who has the same structure has the same atoms; only these are worth RDKit's time.
    atoms = _heavy_atoms(wanted.smiles or "")
    smiles = drugs["smiles"].fillna("")
    keys = {
        int(row): identity_of(smiles.iloc[row])
        for row in np.flatnonzero(smiles.map(_heavy_atoms) == atoms)
    }
    same = [row for row, one in keys.items() if one.inchi_key == wanted.inchi_key]
    same = same or [int(row) for row in np.flatnonzero(drugs["inchi_key"] == wanted.inchi_key)]
    if (found := _one_of("drug", text, same, drugs)) is not None:
        return found
    twins = [row for row, one in keys.items() if one.block == wanted.block]
    said = (
        f"; {listed(drugs['drug'].to_numpy()[twins])} differ in stereochemistry alone"
        if twins
        else ". `lacuna predict --smiles` predicts for structures that nobody measured"
    )
    raise LacunaError(
        f"none of the {len(drugs):,} drugs of the tensor has the structure {wanted.smiles}{said}."
    )


@cache
def _heavy_atoms(smiles: str) -> tuple[tuple[str, int], ...]:
    """Count the heavy atoms of the largest fragment of a SMILES, by element, without RDKit."""
    fragments = [
        Counter((atom["bracket"] or atom["bare"]).capitalize() for atom in ATOM.finditer(fragment))
        for fragment in smiles.split(".")
    ]
    largest = max(fragments, key=lambda atoms: sum(atoms.values()) - atoms["H"])
    return tuple(sorted((element, count) for element, count in largest.items() if element != "H"))
