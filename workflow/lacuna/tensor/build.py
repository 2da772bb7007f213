"""From signatures to the drug x cell grid."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lacuna.errors import LacunaError
from lacuna.signatures.signature_set import UNIT, SignatureSet
from lacuna.tensor.agreement import averaged_noise, signal_share
from lacuna.tensor.filters import filter_experiments
from lacuna.tensor.profiles import NO_PLATES, ProfileSet
from lacuna.vectors import unit_rows


def build_tensor(signatures: SignatureSet, **filters: Any) -> tuple[ProfileSet, pd.DataFrame]:
    """Filter signatures and average those of one drug and cell.

    Parameters
    ----------
    signatures
        Those of all series.
    **filters
        As `lacuna.tensor.filters.filter_experiments` takes them, and raises for them.

    Returns
    -------
    ProfileSet
        As `average_experiments` returns it.
    DataFrame, one row per step
        As `lacuna.tensor.filters.Filtered` has them.
    """
    filtered = filter_experiments(signatures.table, **filters)
    return average_experiments(filtered.table, signatures), filtered.steps


def average_experiments(
    experiments: pd.DataFrame, signatures: SignatureSet, scale: str = UNIT
) -> ProfileSet:
    """Average the signatures of one drug and cell, over doses, times, batches and merged ids.

    Parameters
    ----------
    experiments
        Those that are left, as `lacuna.tensor.filters.Filtered` has them.
    signatures
        Those of all series.
    scale
        "unit" scales averages to unit length; "z" leaves them as they are.

    Returns
    -------
    ProfileSet
        Drugs sorted by their number of cells, cells by their number of drugs, both descending
        (names break ties).

    Raises
    ------
    LacunaError
        If the signatures of a drug and cell cancel each other out.
    """
    every = signatures.table.reset_index(drop=True)
    # The noise is judged before any experiment was selected for agreeing.
    noise = averaged_noise(every)
    if scale != UNIT:  # of a signature of another length, noise is a share of its square
        noise = noise * signatures.squared_lengths()
    table = experiments.assign(noise=noise[experiments.index])
    pairs = table.groupby(["drug", "cell"])
    place = np.full(len(signatures.table), -1)
    place[table.index] = pairs.ngroup()
    sums = signatures.sum_by(place, pairs.ngroups)
    _check_direction(sums, place, table)
    reliability = pairs.agg(
        signatures=("replicates", "size"), replicates=("replicates", "sum"), acd=("acd", "mean")
    )
    summed = pairs["noise"].sum(min_count=1).where(pairs["noise"].count() == pairs.size())
    reliability["signal"] = signal_share(summed.to_numpy(), (sums**2).sum(axis=1))
    reliability["plates"] = _linked_plates(table, pairs.ngroup(), pairs.ngroups)
    drug, drugs = pd.factorize(reliability.index.get_level_values("drug"), sort=True)
    cell, cells = pd.factorize(reliability.index.get_level_values("cell"), sort=True)
    means = unit_rows(sums) if scale == UNIT else sums / pairs.size().to_numpy()[:, None]
    tensor = ProfileSet(
        means.astype(np.float32),
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


def _check_direction(sums: np.ndarray, place: np.ndarray, table: pd.DataFrame) -> None:
    """Refuse a drug and cell whose sum has no direction."""
    empty = ~(np.isfinite(sums).all(axis=1) & sums.any(axis=1))
    if empty.any():
        first = table.loc[empty[place[table.index]]].iloc[0]
        raise LacunaError(
            f"tensor: the signatures of drug {first['drug']!r} in cell {first['cell']!r} have no "
            f"direction on average (so in {int(empty.sum())} of {len(empty)} drugs and cells): "
            "they are 0, or cancel each other out. Expected no such signatures; remove their wells "
            "from inst_info, or their rows from sig_info."
        )


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
