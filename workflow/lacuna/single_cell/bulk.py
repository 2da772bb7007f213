"""The bulk screen that models are pretrained on: wells of L1000, Level 3.

After the authors' code of chemCPA (https://doi.org/10.48550/arXiv.2204.13545): wells treated with a
compound and vehicle wells, all times together; names of at most 5 wells, wells without a dose,
structures that are missing, kept secret, of fewer than 6 wells or unreadable are left out, in this
order. Other than there, structures are looked up in the tables of all series, and one structure is
one drug, whatever its ids. Also other than there, wells may be centred by plate: all wells of a
plate share its effects, which are larger than those of most drugs.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_genes, read_wells
from lacuna.io.h5ad_write import Block, X
from lacuna.io.level3 import open_level3
from lacuna.io.match import match_columns
from lacuna.io.names import drug_key, spelt_as
from lacuna.io.smiles import read_smiles
from lacuna.signatures.signature_set import spell_alike
from lacuna.single_cell.account import Account, Prepared, name_lines_without_controls
from lacuna.single_cell.compounds import gather_compounds, only
from lacuna.single_cell.interface import CONTROL, OBS
from lacuna.structures.reading import NOTHING, RESTRICTED

TREATED, VEHICLE = "trt_cp", "ctl_vehicle"
FEWEST = 6  # wells of a name, and of a structure: the authors drop those with at most 5


def prepare(
    screens: Sequence[Mapping[str, str]],
    smiles_tables: Sequence[str | Path] = (),
    fewest: int = FEWEST,
    *,
    centred: bool = False,
) -> Prepared:
    """Choose wells of all series; they are read when they are written.

    Parameters
    ----------
    screens
        Of each series: series, matrix, wells (inst_info), gene_info, pert_info; level is level3.
    smiles_tables
        More structures by pert_id, see `lacuna.io.smiles.read_smiles`; those of the series come
        first.
    fewest
        Wells that a name, and a structure, must have.
    centred
        Whether the mean of a plate's vehicle wells is replaced by that of its line's. Wells of a
        plate without any are then left out.

    Raises
    ------
    LacunaError
        If there is no series, a table does not fit its matrix, or nothing is left.
    """
    if not screens:
        raise LacunaError("single_cell: there is no Level 3 series to pretrain on.")
    if others := [s["series"] for s in screens if s.get("level", "level3") != "level3"]:
        raise LacunaError(
            f"single_cell: {listed(others)} are signatures; models are pretrained on Level 3."
        )
    account = Account(", ".join(str(screen["matrix"]) for screen in screens))
    wells = _read_wells(screens, account)
    obs = _choose(wells, _structures(screens, smiles_tables, wells["drug"]), fewest, account)
    by = obs[~obs["control"]].groupby(["name", "smiles"], sort=True)
    given = by.size().rename("observations").reset_index().assign(pathway="")
    found = gather_compounds(given, account)
    drug = by.ngroup().map(found.of).reindex(obs.index)
    obs = obs.assign(drug=drug.where(~obs["control"], CONTROL))
    obs = obs[obs["drug"].notna()]
    account.step("of a structure that can be read", obs)
    if centred:
        bare = ~obs["plate"].isin(obs.loc[obs["control"], "plate"])
        account.leave_out("observations", "", "on a plate without vehicle wells", int(bare.sum()))
        obs = obs[~bare]
        account.step("on a plate with vehicle wells", obs)
    name_lines_without_controls(obs, account)
    genes = _genes(screens)
    kept = obs[OBS].set_axis(obs["well"], axis=0).rename_axis(None)
    blocks = _blocks(screens, obs, genes)
    if centred:
        blocks = _centre(blocks, obs, screens, genes)
    return Prepared("bulk", kept, only(found.drugs, obs), genes, blocks, account)


def _read_wells(screens: Sequence[Mapping[str, str]], account: Account) -> pd.DataFrame:
    """Return the wells of all series that have a column, in the order of their matrices."""
    tables = []
    for screen in screens:
        table = read_wells(screen["wells"]).assign(series=screen["series"])
        with Gctx(screen["matrix"]) as matrix:
            found = match_columns(matrix, table, {"inst_info": screen["wells"]})
            place = matrix.columns.get_indexer(pd.Index(found.table["well"]))
        without = len(found.without_column)
        account.leave_out("observations", "", "no column in the matrix", without)
        tables.append(found.table.iloc[np.argsort(place, kind="stable")])
    wells, _ = spell_alike(pd.concat(tables, ignore_index=True))
    if (twice := wells["well"].duplicated()).any():
        raise LacunaError(
            f"single_cell: the well {wells.loc[twice, 'well'].iloc[0]!r} stands in more than one "
            "series; expected names of their own."
        )
    return wells


def _structures(
    screens: Sequence[Mapping[str, str]], smiles_tables: Sequence[str | Path], drugs: pd.Series
) -> pd.Series:
    """Return the first SMILES that says anything, by pert_id as the wells spell it."""
    told = [read_drugs(screen["pert_info"]).set_index("drug")["smiles"] for screen in screens]
    told += [read_smiles(path) for path in smiles_tables]
    known = pd.concat(told).dropna().astype(str).str.strip()
    folded = known.str.casefold()
    secret = folded.isin({RESTRICTED})
    known, secret = known[~folded.isin(NOTHING)], secret[~folded.isin(NOTHING)]
    # Where one table keeps a structure secret, another may tell it.
    known = pd.concat([known[~secret], known[secret]])
    known.index = pd.Index(spelt_as(known.index.to_series(), drugs.unique(), drug_key))
    return known[~known.index.duplicated()].astype(object)


def _choose(
    wells: pd.DataFrame, structures: pd.Series, fewest: int, account: Account
) -> pd.DataFrame:
    """Return well, series, name, line, dose, control, smiles of the wells that pass."""
    control = wells["kind"] == VEHICLE
    obs = wells.assign(control=control, line=wells["cell"])[control | (wells["kind"] == TREATED)]
    for kind, count in wells["kind"][~wells.index.isin(obs.index)].value_counts().items():
        account.leave_out("observations", kind, "neither a compound nor a vehicle", int(count))
    obs["smiles"] = obs["drug"].map(structures)
    named = obs["name"].where(obs["name"].notna(), obs["drug"])
    obs["name"] = named.astype(object).where(~obs["control"], CONTROL)
    obs["drug"] = obs["name"]
    account.step("treated with a compound, or with the vehicle", obs)
    treated = ~obs["control"]

    def keep(step: str, wrong: pd.Series, why: str) -> None:
        nonlocal obs, treated
        account.leave_out("observations", "", why, int(wrong.sum()))
        account.leave_out("drugs", "", why, obs.loc[wrong, "name"].nunique())
        obs = obs[~wrong]
        treated = ~obs["control"]
        account.step(step, obs)

    size = obs.groupby("name")["well"].transform("size")
    keep(f"of names with {fewest} wells or more", treated & (size < fewest), "name of few wells")
    secret = obs["smiles"].astype(str).str.casefold() == RESTRICTED
    keep("of a structure that is told", treated & (obs["smiles"].isna() | secret), "no structure")
    keep("of a known dose", treated & ~(obs["dose"] > 0), "no dose in uM, nM or the like")
    of_smiles = obs.groupby("smiles")["well"].transform("size").fillna(0)
    few = treated & (of_smiles < fewest)
    keep(f"of structures with {fewest} wells or more", few, "structure of few wells")
    obs.loc[obs["control"], "dose"] = 0.0
    return obs


def _genes(screens: Sequence[Mapping[str, str]]) -> pd.Index:
    """Return the landmark genes that the first series has, in its order."""
    with Gctx(screens[0]["matrix"]) as matrix:
        return pd.Index(open_level3(matrix, _gene_table(screens[0], screens)).rows.index)


def _gene_table(screen: Mapping[str, str], screens: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    told = screen if "gene_info" in screen else next(s for s in screens if "gene_info" in s)
    return read_genes(told["gene_info"])


def _blocks(
    screens: Sequence[Mapping[str, str]], obs: pd.DataFrame, genes: pd.Index
) -> Iterator[dict[str, Block]]:
    """Yield expression of the wells, some at a time, series by series."""
    for screen in screens:
        here = obs.loc[obs["series"] == screen["series"], "well"]
        if here.empty:
            continue
        with Gctx(screen["matrix"]) as matrix:
            level3 = open_level3(matrix, _gene_table(screen, screens), genes)
            if len(level3.missing):
                raise LacunaError(
                    f"{matrix.path}: lacks {len(level3.missing)} genes of {screens[0]['matrix']}, "
                    f"such as {level3.missing[0]!r}; expected the same landmark genes in all."
                )
            for _, values in level3.blocks(here):
                yield {X: values}


def _centre(
    blocks: Iterator[dict[str, Block]],
    obs: pd.DataFrame,
    screens: Sequence[Mapping[str, str]],
    genes: pd.Index,
) -> Iterator[dict[str, Block]]:
    """Replace the mean of the vehicle wells of each plate by that of its line."""
    vehicle = obs[obs["control"]]
    rows = np.concatenate([np.asarray(block[X]) for block in _blocks(screens, vehicle, genes)])
    placed = pd.concat([vehicle[vehicle["series"] == screen["series"]] for screen in screens])
    of_plate = pd.DataFrame(rows).groupby(placed["plate"].to_numpy()).mean()
    line = placed.drop_duplicates("plate").set_index("plate")["line"]
    of_line = of_plate.groupby(line.reindex(of_plate.index).to_numpy()).mean()
    shift = of_line.loc[line.reindex(of_plate.index)].to_numpy() - of_plate.to_numpy()
    order = pd.concat([obs[obs["series"] == screen["series"]] for screen in screens])
    place, done = of_plate.index.get_indexer(pd.Index(order["plate"])), 0
    for block in blocks:
        values = np.asarray(block[X], np.float32)
        own = place[done : done + len(values)]
        yield {X: values + shift[own].astype(np.float32)}
        done += len(values)
