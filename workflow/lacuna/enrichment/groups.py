"""Profiles to ask: the two groups of cells that respond alike to a drug, and completed profiles.

After Hodos et al. 2018 (doi:10.1142/9789813235533_0004), section 3.5, where the 15 cells of
M-3M3FBS fall into two groups, whose mean profiles are enriched for different processes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from lacuna.completion.completed import MEASURED, CompletedTensor
from lacuna.errors import LacunaError
from lacuna.evaluation.heatmaps import choose_drugs, choose_genes
from lacuna.tensor.profiles import ProfileSet

LABEL = ["kind", "drug", "name", "cells", "source"]
GROUP, PROFILE = "cell group", "profile"


def two_groups(profiles: np.ndarray) -> np.ndarray:
    """Divide the cells of a drug in two groups, by average linkage of cosine distances.

    The same clustering orders the cells of the heatmaps, by the same genes.

    Parameters
    ----------
    profiles : array of shape (cells, genes)
        At least two.

    Returns
    -------
    int array of shape (cells,)
        0 in the larger group (of equal ones, that of the first cell), 1 in the other.
    """
    shown = profiles[:, choose_genes(profiles)].astype(np.float64)
    distance = np.nan_to_num(pdist(shown, "cosine"), nan=1)  # rows of zeros
    group = fcluster(linkage(distance, "average"), 2, "maxclust")
    if len(np.unique(group)) == 1:  # all distances are equal
        return np.zeros(len(group), int)
    sizes = [(group == number).sum() for number in (1, 2)]
    first = group[0] if sizes[0] == sizes[1] else 1 + int(np.argmax(sizes))
    return (group != first).astype(int)


def cell_groups(
    tensor: ProfileSet, names: Sequence[str], symbols: Sequence[str], wanted: Sequence[str]
) -> pd.DataFrame:
    """Return the mean measured profile of each group of cells of the drugs of the heatmaps.

    Parameters
    ----------
    tensor
        The measured profiles.
    names
        Of its drugs.
    symbols
        Of its genes.
    wanted
        Ids or names of drugs; none for the most cell-specific ones (see `choose_drugs`).

    Returns
    -------
    DataFrame, one row per group, symbols in columns
        Indexed by `LABEL`.
    """
    drugs, left_out = choose_drugs(tensor, names, wanted)
    for said in left_out:
        print(f"evaluation: heatmaps: drugs: {said}. It is not asked.")
    labels, rows = [], []
    for drug in drugs:
        place = np.flatnonzero(tensor.drug == drug)
        place = place[np.argsort(tensor.cells[tensor.cell[place]], kind="stable")]
        group = two_groups(tensor.profiles[place])
        for number in np.unique(group):
            members = place[group == number]
            cells = ", ".join(tensor.cells[tensor.cell[members]])
            labels.append((GROUP, tensor.drugs[drug], names[drug], cells, MEASURED))
            rows.append(tensor.profiles[members].mean(axis=0, dtype=np.float64))
    return _table(labels, rows, symbols)


def completed_profiles(path: str | Path, wanted: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Return profiles of a finished tensor, measured or predicted, as `cell_groups` does.

    Parameters
    ----------
    path
        The GCTX.
    wanted
        drug (id or name) and cell of each; at least one.

    Raises
    ------
    LacunaError
        If the tensor has no such drug or cell.
    """
    with CompletedTensor.open(path) as product:
        try:
            found = [product.profile(one["drug"], one["cell"]) for one in wanted]
        except LacunaError as error:
            raise LacunaError(f"enrichment: profiles: {error}") from None
    labels = [(PROFILE, one.drug, one.name, one.cell, one.source) for one in found]
    rows = pd.concat([one.values for one in found], axis=1).T  # noqa: PD011 (its own field)
    return _table(labels, [*rows.to_numpy(np.float64)], list(rows.columns))


def _table(
    labels: Sequence[tuple[str, ...]], rows: Sequence[np.ndarray], symbols: Sequence[str]
) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(list(labels), names=LABEL)
    return pd.DataFrame(np.array(rows), index, columns=list(symbols))
