"""Which drugs there are: one for each structure, under a name of its own."""

from typing import NamedTuple

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.account import Account
from lacuna.single_cell.interface import CONTROL, DRUGS
from lacuna.structures.identity import identify, unique_compounds


class Compounds(NamedTuple):
    """Drugs of known structure.

    Attributes
    ----------
    drugs : DataFrame
        Columns `interface.DRUGS`, by drug.
    of : Series of str
        The drug of each row of what was given; NaN where its structure cannot be read.
    """

    drugs: pd.DataFrame
    of: pd.Series


def gather_compounds(given: pd.DataFrame, account: Account) -> Compounds:
    """Find out which names are one drug, and give each a name that no other has.

    Two names with the InChIKey of one parent structure are one drug, called as most observations
    are. Of several structures under one name, the most observed keeps it; the others have their
    InChIKey behind it.

    Parameters
    ----------
    given : DataFrame
        name, smiles (as sources give them), pathway, observations, each row a drug as the source
        knows it.
    account
        Where drugs without a readable structure, and names given up, are noted.

    Raises
    ------
    LacunaError
        If a drug is called as controls are.
    """
    who = identify(given["smiles"], progress=len(given) > 1000)
    table = given.assign(inchi_key=who["inchi_key"], said=who["said"])
    bad = table[table["said"] != ""]
    for name, said, count in zip(bad["name"], bad["said"], bad["observations"], strict=True):
        account.leave_out("drug", name, said, count)
    table = table[table["said"] == ""].copy()
    # The name of most observations first; names in the order of the alphabet among equals.
    votes = table.groupby(["inchi_key", "name"])["observations"].sum().reset_index()
    votes = votes.sort_values(["inchi_key", "observations", "name"], ascending=[True, False, True])
    first = votes.drop_duplicates("inchi_key").set_index("inchi_key")
    others = votes[votes["inchi_key"].duplicated()]
    kept = others["inchi_key"].map(first["name"])
    for name, other, count in zip(others["name"], kept, others["observations"], strict=True):
        account.leave_out("name", name, f"the same structure as {other}", count)
    named = first.sort_values(["observations", "name"], ascending=[False, True])
    names = named["name"].where(
        ~named["name"].duplicated(), named["name"] + " (" + named.index + ")"
    )
    if (names == CONTROL).any():
        raise LacunaError(
            f"{account.where}: a drug with a structure is called {CONTROL!r}, as untreated "
            "observations are here. Rename it, or name the column that tells controls "
            "(columns: control)."
        )
    known = unique_compounds(who.assign(said=who["said"]))
    drugs = known.loc[names.index].assign(inchi_key=names.index)
    drugs["pathway"] = _first_said(table).reindex(names.index).fillna("")
    drugs.index = pd.Index(names.to_numpy(object), name="drug")
    return Compounds(drugs[DRUGS].sort_index(), who["inchi_key"].map(names))


def only(drugs: pd.DataFrame, obs: pd.DataFrame) -> pd.DataFrame:
    """Return the drugs that have an observation."""
    return drugs[drugs.index.isin(obs["drug"].unique())]


def find_drugs(drugs: pd.DataFrame, wanted: list[str], where: str) -> tuple[list[str], list[str]]:
    """Find drugs by the names that papers use.

    A name is met as it stands, in any case, or by the first word of what the data call the drug:
    Dacinostat is "Dacinostat (LAQ824)".

    Returns
    -------
    found, missing : lists of str
        Names of the data, and names that were wanted and are none of them.

    Raises
    ------
    LacunaError
        If a name fits more than one drug.
    """
    names = pd.Series(drugs.index, dtype=object)
    folded = names.str.casefold()
    first_word = folded.str.split().str[0]
    found, missing = [], []
    for name in wanted:
        for candidates in (names == name, folded == name.casefold(), first_word == name.casefold()):
            if candidates.any():
                break
        if candidates.sum() > 1:
            raise LacunaError(
                f"{where}: {name!r} may be {listed(names[candidates])}; write the whole name."
            )
        if candidates.any():
            found.append(str(names[candidates].iloc[0]))
        else:
            missing.append(name)
    return list(dict.fromkeys(found)), missing


def _first_said(table: pd.DataFrame) -> pd.Series:
    said = table["pathway"].where(table["pathway"] != "")
    return said.groupby(table["inchi_key"]).first()
