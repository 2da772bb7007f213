"""From files to files: the cut."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_genes, read_wells
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.level3 import open_level3
from lacuna.io.match import match_columns
from lacuna.io.names import drug_key, spelt_as
from lacuna.io.sig_info import read_signatures
from lacuna.io.tsv import write_table
from lacuna.retrieval import cut
from lacuna.retrieval.introspect import changed_genes
from lacuna.retrieval.split import ROLES, split_drugs, well_roles
from lacuna.runtime.seeds import generator
from lacuna.signatures.signature_set import spell_alike
from lacuna.structures.identity import (
    count_reasons,
    group_compounds,
    identify,
    unique_compounds,
)
from lacuna.structures.reading import RESTRICTED

PARTS = ("treated", "control", "centred", "changed")


def read_tables(screens: Sequence[Mapping[str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read wells (or signatures) that have a column, and drugs, of all series.

    Returns
    -------
    DataFrame
        Wells as `io.geo.read_wells` gives them, with series.
    DataFrame indexed by drug (pert_id)
        smiles; of a drug of several series, that of the first that has one.
    """
    wells, drugs = [], []
    for screen in screens:
        is_level5 = screen["level"] == "level5"
        table = read_signatures(screen["wells"]) if is_level5 else read_wells(screen["wells"])
        with Gctx(screen["matrix"]) as matrix:
            kind = "sig_info" if is_level5 else "inst_info"
            table = match_columns(matrix, table, {kind: screen["wells"]}).table
        if is_level5:
            # A signature stands on no plate.
            table = table.rename(columns={"signature": "well"}).assign(plate="")
        wells.append(table.assign(series=screen["series"]))
        drugs.append(read_drugs(screen["pert_info"])[["drug", "smiles"]])
    every, _ = spell_alike(pd.concat(wells, ignore_index=True))
    known = pd.concat(drugs, ignore_index=True).dropna(subset="drug")
    known["drug"] = spelt_as(known["drug"], every["drug"].unique(), drug_key)
    says_nothing = known["smiles"].isna() | known["smiles"].astype(str).str.casefold().eq(
        RESTRICTED
    )
    known = known.loc[says_nothing.sort_values(kind="stable").index]
    first = known.drop_duplicates("drug").set_index("drug")
    return every, first


def cut_wells(
    *,
    screens: Sequence[Mapping[str, str]],
    lines: Mapping[str, Sequence[str]],
    time: float | None,
    dose: float | None,
    in_all_lines: bool,
    controls: str,
    split: Mapping[str, Any],
    seed: int,
    output: Mapping[str, str],
) -> None:
    """Choose wells, know their structures, read them and their controls, and draw the split.

    Parameters
    ----------
    screens
        See `lacuna.retrieval.stage.screens`.
    lines, time, dose, in_all_lines, controls, split
        See the configuration.
    seed
        Of the run.
    output
        Where to write: treated, molecules, roles, account, left_out; of wells also control and
        centred.

    Raises
    ------
    LacunaError
        If nothing is left by a filter, or a file is not what it should be.
    """
    wells, drugs = read_tables(screens)
    twice = wells["well"][wells["well"].duplicated()]
    if len(twice):
        raise LacunaError(
            f"retrieval: the well {twice.iloc[0]!r} stands in more than one series; expected names "
            "of their own."
        )
    # Lines that share a plate have controls of their own.
    wells = wells.assign(plate=wells["plate"].where(wells["plate"] == "", _site(wells)))
    vehicles = cut.plates_with_controls(wells)
    asked = wells.loc[wells["kind"] == cut.TREATED, "drug"].drop_duplicates()
    structures = identify(drugs["smiles"].reindex(asked))
    all_lines = [line for role in ROLES for line in lines[role]]
    chosen = cut.choose_wells(
        wells,
        structures["inchi_key"],
        lines=list(dict.fromkeys(all_lines)),
        time=time,
        dose=dose,
        in_all_lines=in_all_lines,
        plates=set(vehicles["plate"]) if "control" in output else None,
    )
    kept, account = chosen
    molecules = _molecules(kept, structures)
    roles = split_drugs(
        group_compounds(molecules.assign(said=""), split["by"]),
        folds=split["folds"],
        validation=split["validation"],
        test=split["test"],
        rng=generator(seed, "retrieval", "split"),
    )
    rows = [
        {
            "step": f"fold {fold}, {role}",
            "wells": int((of_well == role).sum()),
            "drugs": kept["drug"][of_well == role].nunique(),
        }
        for fold in roles
        for of_well in [well_roles(kept, roles[fold], lines)]
        for role in ROLES
    ]
    write_table(pd.concat([account, pd.DataFrame(rows)], ignore_index=True), output["account"])
    said = structures["said"][structures["said"] != ""]
    left_out = pd.DataFrame({"drug": said.index, "said": said.to_numpy()})
    given = drugs["smiles"].reindex(said.index).to_numpy()
    write_table(left_out.assign(smiles=given), output["left_out"])
    write_table(molecules.reset_index(names="drug"), output["molecules"])
    write_table(roles.add_prefix("fold_").reset_index(names="drug"), output["roles"])
    _write_profiles(screens, wells, kept, vehicles, controls, seed, output)
    print(f"{len(kept):,} wells of {len(molecules):,} drugs.")
    for reason, count in count_reasons(structures).items():
        print(f"Left out: {count} drugs ({reason}).")


def _site(wells: pd.DataFrame) -> pd.Series:
    """Return plates, with the line behind them where a plate holds several."""
    several = wells.groupby("plate")["cell"].transform("nunique") > 1
    return wells["plate"].where(~several, wells["plate"] + " " + wells["cell"])


def _molecules(kept: pd.DataFrame, structures: pd.DataFrame) -> pd.DataFrame:
    """Return one row per structure: smiles, block, scaffold, name, pert_ids."""
    known = unique_compounds(structures)
    of_drug = kept.groupby("drug")
    ids = of_drug["pert_id"].agg(lambda ids: "|".join(sorted(set(ids))))
    return known.loc[ids.index].assign(name=of_drug["name"].first(), pert_ids=ids)


def _write_profiles(
    screens: Sequence[Mapping[str, str]],
    wells: pd.DataFrame,
    kept: pd.DataFrame,
    vehicles: pd.DataFrame,
    controls: str,
    seed: int,
    output: Mapping[str, str],
) -> None:
    """Write the profiles of the chosen wells, of their controls, and those centred by plate."""
    series = wells.set_index("well")["series"]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    order, genes = [], None
    for screen in screens:
        here = kept[series.loc[kept.index].to_numpy() == screen["series"]]
        if here.empty:
            continue
        order.append(here.index)
        with _open(screen, screens, genes) as source:
            genes = source.genes
            treated = source.read(here.index)
            parts["treated"].append(treated)
            if "control" not in output:
                continue
            said = vehicles[vehicles["plate"].isin(here["plate"])]
            parts["changed"].append(
                changed_genes(
                    treated,
                    here["plate"].to_numpy(),
                    cut.read_profiles(source.level3, said["well"]),
                    said["plate"].to_numpy(),
                )
            )
            others = wells.loc[wells["kind"] == cut.TREATED, ["well", "plate"]]
            centre = cut.mean_controls(source.level3, others, here["plate"])
            parts["centred"].append(treated - centre)
            if controls == "mean":
                seen = cut.mean_controls(source.level3, vehicles, here["plate"])
            else:
                rng = generator(seed, "retrieval", "controls", screen["series"])
                seen = cut.drawn_controls(source.level3, vehicles, here["plate"], rng)
            parts["control"].append(seen)
    obs = kept.loc[np.concatenate(order)].astype(str)
    if parts["changed"]:
        obs["genes_changed"] = np.concatenate(parts["changed"])
    assert genes is not None
    var = pd.DataFrame(index=pd.Index(genes, name="symbol"))
    for name, blocks in parts.items():
        if name in output:
            write_h5ad(output[name], blocks, obs, var, {})


class _Source:
    """An open matrix, its genes by symbol in the order of the first matrix."""

    def __init__(self, matrix: Gctx, rows: pd.Series, level3: Any) -> None:
        self.genes = rows.index
        self.level3 = level3
        self._matrix, self._rows = matrix, rows

    def read(self, wells: pd.Index) -> np.ndarray:
        if self.level3 is not None:
            return cut.read_profiles(self.level3, wells)
        return self._matrix.read(self._rows, wells).astype(np.float32)


@contextmanager
def _open(
    screen: Mapping[str, str], screens: Sequence[Mapping[str, str]], genes: pd.Index | None
) -> Iterator[_Source]:
    with_genes = screen if "gene_info" in screen else next(s for s in screens if "gene_info" in s)
    table = read_genes(with_genes["gene_info"])
    with Gctx(screen["matrix"]) as matrix:
        if screen["level"] == "level3":
            level3 = open_level3(matrix, table, genes)
            _refuse_gaps(screen, level3.missing)
            yield _Source(matrix, level3.rows, level3)
            return
        known = table[table["gene"].isin(matrix.rows) & table["landmark"]]
        rows = known.drop_duplicates("symbol").set_index("symbol")["gene"]
        if genes is not None:
            _refuse_gaps(screen, genes.difference(rows.index))
            rows = rows[genes]
        if rows.empty:
            raise LacunaError(
                f"{screen['matrix']}: none of its rows is a landmark gene of "
                f"{with_genes['gene_info']}; take both from the same series."
            )
        yield _Source(matrix, rows, None)


def _refuse_gaps(screen: Mapping[str, str], missing: pd.Index) -> None:
    if len(missing):
        raise LacunaError(
            f"{screen['matrix']}: lacks {len(missing)} genes of the other series, such as "
            f"{missing[0]!r}; expected the same landmark genes in all."
        )
