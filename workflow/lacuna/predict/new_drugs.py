"""Drugs of the user's own: names, structures and the cells to predict them in."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lacuna.completion.completed import find_called
from lacuna.errors import LacunaError, listed
from lacuna.io.geo import check_present, read_columns
from lacuna.io.names import drug_key
from lacuna.io.odd_rows import Account, tell
from lacuna.io.smiles import DRUG, SMILES
from lacuna.structures.identity import identify

NAME = ("name", *(name for name in DRUG if name != "name"))
CELLS = ("cells", "cell")
BETWEEN_CELLS = ";"
MOST_NAMED = 10  # structures that a message names


def read_new_drugs(path: str | Path) -> pd.DataFrame:
    """Read a table of drugs.

    Parameters
    ----------
    path
        Tab-separated, plain or gzipped: name, smiles and, if there is such a column, cells with ;
        between them; without it, or where nothing stands there, all cells are meant.

    Returns
    -------
    DataFrame
        name, given (the SMILES as it stands there), cells (tuple of str, empty for all), smiles
        (canonical, of the parent: without salts and solvents), inchi_key.

    Raises
    ------
    LacunaError
        If a column or a name is missing, a name stands twice, or a SMILES is not the structure of a
        molecule: every such row is named.
    """
    columns = {"name": NAME, "given": SMILES}
    account: Account = []
    table = read_columns(path, columns, {"cells": CELLS}, account)
    tell(path, account, sys.stderr)
    if table.empty:
        raise LacunaError(f"{path}: has no row; expected a name and a SMILES in each.")
    check_present(table, "name", path)
    names = table["name"].astype(str)
    twice = names[names.map(drug_key).duplicated(keep=False)].unique()
    if len(twice):
        raise LacunaError(
            f"{path}: {listed(twice)} stand in more than one row; expected each name once, "
            "in upper or lower case. Rename or remove the others."
        )
    given = [text if isinstance(text, str) else "" for text in table["given"]]
    cells = [
        tuple(cell.strip() for cell in text.split(BETWEEN_CELLS) if cell.strip())
        if isinstance(text, str)
        else ()
        for text in table["cells"]
    ]
    places = [f"row {row + 2}, {name}" for row, name in enumerate(names)]
    return _identified(list(names), given, cells, places, str(path))


def name_new_drugs(
    smiles: Sequence[str], names: Sequence[str] = (), cells: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the same table of structures that stand on a command line.

    Parameters
    ----------
    smiles
        Structures.
    names
        As many; without any, drugs go by their SMILES as given.
    cells
        Of all of them; without any, all cells.

    Raises
    ------
    LacunaError
        If a SMILES is not the structure of a molecule, a name stands twice, or there are not as
        many names as structures.
    """
    if names and len(names) != len(smiles):
        raise LacunaError(
            f"{len(smiles)} --smiles and {len(names)} --name; expected a name for each, in the "
            "same order, or none."
        )
    called = list(names or smiles)
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise LacunaError(f"{listed(twice)} stands twice; expected each drug once.")
    places = [f"--smiles, {name}" if names else "--smiles" for name in called]
    return _identified(called, list(smiles), [tuple(cells)] * len(called), places, "")


def choose_cells(new: pd.DataFrame, cells: Sequence[str], where: str = "") -> list[int]:
    """Return the positions of the cells that any of the drugs is wanted in, rising.

    Parameters
    ----------
    new
        See `read_new_drugs`.
    cells
        Those of the tensor.
    where
        The table, for messages.

    Raises
    ------
    LacunaError
        If the tensor has no cell of a name.
    """
    known, chosen = pd.Series(cells, dtype=object), set[int]()
    for drug, named in zip(new["name"], new["cells"], strict=True):
        if not named:
            return list(range(len(known)))
        try:
            chosen |= {find_called("cell", name, known) for name in named}
        except LacunaError as error:
            raise LacunaError(f"{where}: {drug}: {error}" if where else str(error)) from None
    return sorted(chosen)


def _identified(
    names: list[str],
    given: list[str],
    cells: list[tuple[str, ...]],
    places: list[str],
    where: str,
) -> pd.DataFrame:
    who = identify(given, progress=len(given) > 1000)
    bad = [
        f"{place}: {text[:60]!r} ({said})"
        for place, text, said in zip(places, given, who["said"], strict=True)
        if said
    ]
    if bad:
        more = f"\n  and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        said = "\n  ".join(bad[:MOST_NAMED])
        raise LacunaError(
            f"{where + ': ' if where else ''}{len(bad)} of {len(given)} structures cannot be "
            f"predicted; expected the SMILES of a molecule, as CC(=O)Oc1ccccc1C(=O)O. Correct or "
            f"remove them:\n  {said}{more}"
        )
    table = pd.DataFrame({"name": names, "given": given, "cells": cells})
    return table.assign(smiles=who["smiles"].to_numpy(), inchi_key=who["inchi_key"].to_numpy())
