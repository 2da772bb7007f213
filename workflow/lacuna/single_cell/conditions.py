"""What was done to each cell of a file: drug, line, dose, or nothing."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.h5ad_cells import Cells
from lacuna.io.quantities import to_micromolar
from lacuna.io.untrusted import check_plain
from lacuna.single_cell.account import Account
from lacuna.single_cell.compounds import gather_compounds
from lacuna.single_cell.interface import CONTROL, DRUGS

COLUMNS = ("drug", "line", "dose", "control", "smiles", "pathway")
REQUIRED = ("drug", "line")
ONE_DOSE = 1.0  # micromolar, where a file names none
YES, NO = {"true", "t", "yes", "1", "1.0"}, {"false", "f", "no", "0", "0.0"}


def read_conditions(
    cells: Cells,
    columns: Mapping[str, str],
    control: str | None,
    unit: str | None,
    account: Account,
) -> pd.DataFrame:
    """Read drug, line, dose and control of cells.

    Parameters
    ----------
    cells
        The open file.
    columns, control, unit
        See `lacuna.single_cell.cells.prepare`.
    account
        Where each step is noted.

    Returns
    -------
    DataFrame
        drug (as the file has it, `CONTROL` of controls), line, smiles, pathway (empty where there
        is none), control, dose; by the rows of the file.

    Raises
    ------
    LacunaError
        If a column is missing, or holds what it should not, or no treated cell is left.
    """
    named = _named(cells, columns)
    table = cells.obs.reset_index(drop=True)
    obs = pd.DataFrame(index=table.index)
    for name in ("drug", "line", "smiles", "pathway"):
        obs[name] = _texts(table[named[name]], cells.path) if name in named else ""
    obs["control"] = _controls(obs["drug"], table, named.get("control"), control, cells.path)
    account.step("in the file", obs)
    for name in REQUIRED:
        missing = (obs[name] == "") & ~((name == "drug") & obs["control"])
        account.leave_out("observations", "", f"no {name} in {named[name]!r}", int(missing.sum()))
        obs = obs[~missing]
    account.step("with drug and line", obs)
    treated = obs.index[~obs["control"]]
    obs = obs.assign(dose=0.0)
    if "dose" in named:
        where = f"{cells.path}: obs, column {named['dose']!r}"
        given = table.loc[treated, named["dose"]].astype(object)
        _refuse_shares(given, named["dose"], unit, where)
        obs.loc[treated, "dose"] = to_micromolar(given, unit, where)
    else:
        obs.loc[treated, "dose"] = ONE_DOSE
    unknown, nothing = obs["dose"].isna(), ~obs["control"] & (obs["dose"] == 0)
    account.leave_out("observations", "", "no dose", int(unknown.sum()))
    account.leave_out("observations", "", "dose 0 of a drug", int(nothing.sum()))
    obs = obs[~(unknown | nothing)]
    account.step("with a dose", obs)
    obs.loc[obs["control"], "drug"] = CONTROL
    return obs


def _named(cells: Cells, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of obs that are named, after all were found."""
    path, named = cells.path, {name: column for name, column in columns.items() if column}
    if unknown := [name for name in named if name not in COLUMNS]:
        raise LacunaError(f"{path}: columns: {listed(unknown)}; expected {listed(COLUMNS, 9)}.")
    if absent := [name for name in REQUIRED if name not in named]:
        raise LacunaError(f"{path}: columns: {listed(absent)} must be named, and is not.")
    there = [str(column) for column in cells.obs]
    for name, column in named.items():
        if column not in there:
            raise LacunaError(
                f"{path}: obs has no column {column!r} (columns: {name})"
                f"{did_you_mean(column, there)}; it has {listed(there, 30)}."
            )
    return named


def _texts(column: pd.Series, path: Path) -> pd.Series:
    texts = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    check_plain(texts, str(column.name), path)
    return texts


def _controls(
    drug: pd.Series, table: pd.DataFrame, column: str | None, control: str | None, path: Path
) -> pd.Series:
    """Return which cells are untreated: by a column that says so, or by the name of the drug."""
    named = drug == control if control else pd.Series(False, drug.index)
    if column is None:
        if not named.any():
            there = drug.value_counts().index.tolist()
            raise LacunaError(
                f"{path}: no cell is of the control {control!r}{did_you_mean(control, there)}; "
                f"drugs are {listed(there)}. Say what untreated cells are called (control), or "
                "name the column that tells them (columns: control)."
            )
        return named
    texts = table[column].astype(object).map(lambda value: str(value).strip().casefold())
    if strange := sorted(set(texts) - YES - NO):
        raise LacunaError(
            f"{path}: obs, column {column!r} (columns: control) has {listed(strange)}; expected "
            "true and false, or 1 and 0."
        )
    said = texts.isin(YES)
    if (named & ~said).any():
        raise LacunaError(
            f"{path}: {int((named & ~said).sum())} cells are of the control {control!r}, and "
            f"column {column!r} says that they are treated; expected one of both."
        )
    return said


def _refuse_shares(doses: pd.Series, column: str, unit: str | None, where: str) -> None:
    """Refuse dose_val of chemCPA's own files, shares of the highest dose, as concentrations."""
    numbers = pd.to_numeric(doses, errors="coerce")
    if column == "dose_val" and numbers.max() == 1 and not (unit or "").strip()[:1].isdigit():
        raise LacunaError(
            f"{where}: are shares of the highest dose, as chemCPA's authors keep them. Name the "
            "column of concentrations, or say what 1 is (unit: 10 uM)."
        )


def give_structures(
    obs: pd.DataFrame, structures: pd.Series | None, account: Account, in_obs: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each treated cell the drug of its structure; leave out those without one.

    Parameters
    ----------
    obs
        As `read_conditions` returns it.
    structures
        SMILES by drug, for drugs without one in obs.
    account
        Where each step is noted.
    in_obs
        Whether obs names a column of SMILES.

    Returns
    -------
    obs : DataFrame
        What is left, with the drugs of the table.
    drugs : DataFrame
        Columns `interface.DRUGS`, by drug.

    Raises
    ------
    LacunaError
        If no treated cell is left.
    """
    treated = obs[~obs["control"]]
    if structures is None and not in_obs:
        # Nothing tells them: drugs are what they are called, and networks must learn their vectors.
        names = pd.Index(sorted(treated["drug"].unique()), name="drug", dtype=object)
        pathway = treated.groupby("drug")["pathway"].first().reindex(names)
        drugs = pd.DataFrame("", names, DRUGS, dtype=object)
        return obs, drugs.assign(block=names, pathway=pathway.fillna(""))
    by = treated.groupby(["drug", "smiles"], sort=True)
    given = by.agg(pathway=("pathway", "first"), observations=("line", "size")).reset_index()
    if structures is not None:
        folded = structures.set_axis(structures.index.str.casefold(), axis=0)
        of_name = given["drug"].map(structures)
        of_name = of_name.fillna(
            given["drug"].str.casefold().map(folded[~folded.index.duplicated(keep=False)])
        )
        given["smiles"] = given["smiles"].where(given["smiles"] != "", of_name)
    found = gather_compounds(given.rename(columns={"drug": "name"}), account)
    drug = by.ngroup().map(found.of)
    obs = obs.assign(drug=drug.reindex(obs.index).where(~obs["control"], CONTROL))
    obs = obs[obs["drug"].notna()]
    account.step("of drugs with a structure that can be read", obs)
    return obs, found.drugs
