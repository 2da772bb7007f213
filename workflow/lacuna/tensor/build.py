"""From signatures to the drug x cell grid.

Filters come in the order of the code of Hodos et al. 2018. Two of its faults are mended: drugs
without a name are distinct drugs (that code keeps only one of them), and names that differ only in
upper and lower case are one drug.

Source: Hodos et al. 2018, section 2.2, doi:10.1142/9789813235533_0004, and the authors' code.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.agreement import averaged_noise, signal_share
from lacuna.tensor.profiles import NO_PLATES, ProfileSet
from lacuna.vectors import unit_rows


def build_tensor(
    signatures: SignatureSet,
    *,
    max_p_value: float,
    unreplicated: str,
    min_cells_per_drug: int,
    min_drugs_per_cell: int,
    min_cc_q75: float | None = None,
) -> tuple[ProfileSet, pd.DataFrame]:
    """Filter signatures and average those of one drug and cell.

    Parameters
    ----------
    signatures
        Those of all series.
    max_p_value
        Experiments whose ACD p-value is above it are dropped.
    unreplicated
        "keep" or "drop" experiments without a p-value, for want of replicates.
    min_cells_per_drug, min_drugs_per_cell
        Drugs in fewer distinct cells, and cells with fewer distinct drugs, are dropped, again and
        again until nothing changes.
    min_cc_q75
        Ready-made signatures whose replicates are less alike (cc_q75) are dropped; those of which
        it is not known are kept. None drops nothing.

    Returns
    -------
    ProfileSet
        Drugs sorted by their number of cells, cells by their number of drugs, both descending
        (names break ties); profiles of unit length.
    DataFrame, one row per step
        step, then profiles, drugs, cells after the step and, with the suffix _before, before it.

    Raises
    ------
    LacunaError
        If a step leaves nothing; it names the step and its threshold. If `min_cc_q75` is given, and
        no signature says how alike its replicates are.
    """
    table = signatures.table.reset_index(drop=True)
    table = table.assign(noise=averaged_noise(table))  # before any is selected for agreeing
    if min_cc_q75 is not None:
        _check_cc_q75(table)
    steps = [{"step": "signatures", **_count(table)}]

    def apply(step: str, keep: Callable[[pd.DataFrame], pd.Series]) -> None:
        nonlocal table
        table = table[keep(table)]
        if table.empty:
            before = steps[-1]
            raise LacunaError(
                f"tensor: the step '{step}' leaves no profile of {before['profiles']} "
                f"({before['drugs']} drugs, {before['cells']} cells). "
                "Loosen its threshold under `tensor:` in the configuration."
            )
        steps.append({"step": step, **_count(table)})

    without = int(table["p_value"].isna().sum())
    apply(
        f"{without:,} experiments without a p-value, for want of replicates: {unreplicated}",
        lambda t: t["p_value"].notna() | (unreplicated == "keep"),
    )
    apply(
        f"ACD p-value at most {max_p_value:g}",
        lambda t: t["p_value"].isna() | (t["p_value"] <= max_p_value),
    )
    if min_cc_q75 is not None:
        apply(
            f"distil_cc_q75 at least {min_cc_q75:g}, where it is known",
            lambda t: ~(t["cc_q75"] < min_cc_q75),
        )
    apply("one id per drug name", _has_best_id)
    apply(
        f"at least {min_drugs_per_cell} drugs per cell and {min_cells_per_drug} cells per drug",
        lambda t: _is_dense_enough(t, min_cells_per_drug, min_drugs_per_cell),
    )
    tensor = _average(table, signatures)
    counts = {"profiles": len(tensor), "drugs": len(tensor.drugs), "cells": len(tensor.cells)}
    steps.append({"step": "averaged over dose, time and batch", **counts})
    return tensor, _add_counts_before(pd.DataFrame(steps))


def densest_block(tensor: ProfileSet, *, drugs: int, cells: int, ranking_cells: int) -> ProfileSet:
    """Return the small tensor: the cells with most drugs, and the drugs with most cells.

    Parameters
    ----------
    tensor
        The large one.
    drugs, cells
        How many to keep at most.
    ranking_cells
        Drugs are ranked by their number of profiles in this many of the best covered cells, as in
        the code of Hodos et al. 2018, and not in the `cells` that are kept. A drug without a
        profile in the kept cells is left out.
    """
    measured = tensor.measured
    best_cells = _sort_by_count(measured.sum(axis=0))
    by_count = measured[:, best_cells[:ranking_cells]].sum(axis=1)
    best_cells = best_cells[:cells]
    has_any = measured[:, best_cells].any(axis=1)
    best_drugs = _sort_by_count(np.where(has_any, by_count, -1))[: min(drugs, has_any.sum())]
    return subgrid(tensor, best_drugs, best_cells)


def _count(table: pd.DataFrame) -> dict[str, int]:
    return {
        "profiles": len(table),
        "drugs": table["drug"].nunique(),
        "cells": table["cell"].nunique(),
    }


def _add_counts_before(steps: pd.DataFrame) -> pd.DataFrame:
    counts = steps[["profiles", "drugs", "cells"]]
    before = counts.shift(fill_value=0).add_suffix("_before")
    before.iloc[0] = counts.iloc[0]
    return steps.join(before)


def _check_cc_q75(table: pd.DataFrame) -> None:
    if "cc_q75" not in table or table["cc_q75"].isna().all():
        raise LacunaError(
            "tensor: min_cc_q75 is given, but no signature says how alike its replicates are; "
            "expected a column distil_cc_q75 in sig_info. Leave min_cc_q75 out, or give it."
        )


def _has_best_id(table: pd.DataFrame) -> pd.Series:
    name = table.groupby("drug")["name"].transform("first").fillna("").str.strip().str.casefold()
    # LINCS writes an unnamed drug's id as its name.
    unnamed = name.isin(["", "nan", "-666"]) | (name == table["drug"].str.casefold())
    name = name.mask(unnamed, "id " + table["drug"])
    cells = table.groupby([name, table["drug"]], sort=False)["cell"].nunique()
    best = cells.groupby(level=0, sort=False).idxmax().map(lambda key: key[1])
    return table["drug"] == name.map(best)


def _is_dense_enough(table: pd.DataFrame, min_cells: int, min_drugs: int) -> pd.Series:
    kept = table
    while True:
        size = len(kept)
        kept = kept[kept.groupby("cell")["drug"].transform("nunique") >= min_drugs]
        kept = kept[kept.groupby("drug")["cell"].transform("nunique") >= min_cells]
        if len(kept) == size:
            return pd.Series(table.index.isin(kept.index), index=table.index)


def _average(table: pd.DataFrame, signatures: SignatureSet) -> ProfileSet:
    pairs = table.groupby(["drug", "cell"])
    place = np.full(len(signatures.table), -1)
    place[table.index] = pairs.ngroup()
    sums = signatures.sum_by(place, pairs.ngroups)
    reliability = pairs.agg(
        signatures=("replicates", "size"), replicates=("replicates", "sum"), acd=("acd", "mean")
    )
    noise = pairs["noise"].sum(min_count=1).where(pairs["noise"].count() == pairs.size())
    reliability["signal"] = signal_share(noise.to_numpy(), (sums**2).sum(axis=1))
    reliability["plates"] = _linked_plates(table, pairs.ngroup(), pairs.ngroups)
    drug, drugs = pd.factorize(reliability.index.get_level_values("drug"), sort=True)
    cell, cells = pd.factorize(reliability.index.get_level_values("cell"), sort=True)
    tensor = ProfileSet(
        unit_rows(sums).astype(np.float32),
        drug,
        cell,
        drugs.to_numpy(),
        cells.to_numpy(),
        signatures.genes,
        reliability.reset_index(drop=True),
    )
    measured = tensor.measured
    by_drug, by_cell = _sort_by_count(measured.sum(axis=1)), _sort_by_count(measured.sum(axis=0))
    return subgrid(tensor, by_drug, by_cell)


def _linked_plates(table: pd.DataFrame, place: pd.Series, places: int) -> np.ndarray:
    """Return the group of each profile: profiles of a cell that share batches are linked.

    Groups are the connected components of the graph of profiles and batches; NO_PLATES stands for
    a profile with an unknown batch.
    """
    batch, batches = pd.factorize(table["cell"] + "\t" + table["batch"])
    nodes = (place.to_numpy(), places + batch)
    size = places + len(batches)
    links = sparse.coo_array((np.ones(len(table)), nodes), shape=(size, size))
    group = connected_components(links, directed=False)[1][:places]
    unknown = table["batch"].eq("").groupby(place).any().to_numpy()
    return np.where(unknown, NO_PLATES, group)


def _sort_by_count(counts: np.ndarray) -> np.ndarray:
    return np.argsort(-counts, kind="stable")


def subgrid(tensor: ProfileSet, drugs: np.ndarray, cells: np.ndarray) -> ProfileSet:
    """Keep some drugs and cells, in the order given, and sort profiles by place."""
    new_drug = np.full(len(tensor.drugs), -1)
    new_cell = np.full(len(tensor.cells), -1)
    new_drug[drugs] = np.arange(len(drugs))
    new_cell[cells] = np.arange(len(cells))
    drug, cell = new_drug[tensor.drug], new_cell[tensor.cell]
    kept = np.flatnonzero((drug >= 0) & (cell >= 0))
    kept = kept[np.lexsort((cell[kept], drug[kept]))]
    return ProfileSet(
        tensor.profiles[kept],
        drug[kept],
        cell[kept],
        tensor.drugs[drugs],
        tensor.cells[cells],
        tensor.genes,
        None if tensor.reliability is None else tensor.reliability.iloc[kept],
    )
