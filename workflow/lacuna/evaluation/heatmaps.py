"""Single drugs in all their cells, measured beside predicted.

Hodos et al. 2018, figure 4, doi:10.1142/9789813235533_0004.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from lacuna.errors import LacunaError, did_you_mean
from lacuna.evaluation.correlation import profile_pearson
from lacuna.tensor.profiles import ProfileSet
from lacuna.tensor.specificity import cell_specificity
from lacuna.vectors import as_unit_rows, unit_rows

CHOSEN_DRUGS = 3
WELL_COVERED = 0.75  # quantile of the drugs' numbers of cells
TOP_GENES = 100
MEASURED = "measured"


def choose_drugs(
    held_out: ProfileSet, names: Sequence[str], wanted: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Return the drugs to show: those wanted, or else the most cell-specific ones.

    A drug that cannot be shown is left out and named: a configuration may be of a paper whose drugs
    another screen lacks.

    Parameters
    ----------
    held_out
        The profiles that were held out, once each.
    names
        The name of each of its drugs; their ids where they have none.
    wanted
        Ids or names, in upper or lower case. If there are none, the `CHOSEN_DRUGS` most
        cell-specific drugs are chosen, among those with at least as many cells as the quantile
        `WELL_COVERED` of drugs: any drug can look specific in two cells.

    Returns
    -------
    drugs : int array
        Positions in `held_out.drugs`.
    left_out : list of str
        Why a wanted drug is not shown: it is not in the tensor, or has fewer than two held-out
        profiles.

    Raises
    ------
    LacunaError
        If that is so of all that are wanted.
    """
    if not wanted:
        drugs = cell_specificity(held_out.profiles, held_out.drug)
        covered = drugs[drugs["cells"] >= drugs["cells"].quantile(WELL_COVERED)]
        return covered.nlargest(CHOSEN_DRUGS, "specificity")["drug"].to_numpy(), []
    profiles = np.bincount(held_out.drug, minlength=len(names))
    return find_drugs(wanted, held_out.drugs, names, profiles)


def find_drugs(
    wanted: Sequence[str], ids: np.ndarray, names: Sequence[str], held_out: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return the drugs that are called so and can be shown, as `choose_drugs` does.

    Parameters
    ----------
    wanted
        Ids or names, in upper or lower case.
    ids : array of str
    names
        Of all drugs.
    held_out : int array
        How many profiles of each were held out.

    Raises
    ------
    LacunaError
        If none of them can be shown.
    """
    known = [*names, *ids]
    position = {name.casefold(): index % len(names) for index, name in enumerate(known)}
    chosen, left_out = list[int](), list[str]()
    for name in wanted:
        drug = position.get(name.casefold())
        if drug is None:
            left_out.append(f"{name!r} is not in the tensor{did_you_mean(name, known)}")
        elif held_out[drug] < 2:
            left_out.append(
                f"{name!r} was held out in {held_out[drug]} cells (the only profile of a drug "
                "never is), and a heatmap needs 2"
            )
        else:
            chosen.append(drug)
    if not chosen:
        raise LacunaError(
            f"evaluation: heatmaps: drugs: {'; '.join(left_out)}. Expected ids or names of the "
            f"tensor's {len(names)} drugs, which tensor/drugs.tsv lists, or none: []. What the "
            "filters took is in the report, under 2. Data."
        )
    return np.array(list(dict.fromkeys(chosen))), left_out


def choose_genes(profiles: np.ndarray) -> np.ndarray:
    """Return the genes to show of a drug's profiles, shape (cells, genes), in their order.

    The `TOP_GENES` of largest variance over the cells and those of largest median absolute value
    (Hodos et al. 2018, authors' code).

    Returns
    -------
    int array, ascending
    """
    scores = profiles.var(axis=0), np.median(np.abs(profiles), axis=0)
    return np.union1d(*(np.argsort(-score, kind="stable")[:TOP_GENES] for score in scores))


def heatmap_table(
    held_out: ProfileSet,
    predicted: Mapping[str, np.ndarray],
    drugs: Sequence[int],
    names: Sequence[str],
) -> pd.DataFrame:
    """Return the entries to draw: for each drug a panel of the truth, then one for each method.

    Cells and genes are ordered by the measured profiles alone (average linkage of cosine
    distances, leaves in optimal order), and stand in that order in every panel.

    Parameters
    ----------
    held_out
        The profiles that were held out, at least those of the drugs shown.
    predicted
        Of each method, float32 arrays of the shape of `held_out.profiles`: its predictions.
    drugs
        Positions in `held_out.drugs`, each with two or more profiles.
    names
        The name of each of its drugs.

    Returns
    -------
    DataFrame with columns drug, name, panel, correlation, specificity, cell, gene, value
        One row per entry, in the order drawn; panel is "measured" or the method. Profiles have
        unit length. correlation: of the panel's entries with the measured ones; specificity: mean
        cosine distance between the panel's cells, over all genes, those not shown too.
    """
    held_out = replace(held_out, profiles=as_unit_rows(held_out.profiles))
    panels = {MEASURED: held_out.profiles}
    panels |= {method: unit_rows(profiles) for method, profiles in predicted.items()}
    tables = []
    for drug in drugs:
        rows = np.flatnonzero(held_out.drug == drug)
        genes = choose_genes(held_out.profiles[rows])
        truth = held_out.profiles[np.ix_(rows, genes)]
        rows, genes = rows[_leaf_order(truth)], genes[_leaf_order(truth.T)]
        truth = held_out.profiles[np.ix_(rows, genes)].reshape(1, -1)
        for panel, profiles in panels.items():
            values = profiles[np.ix_(rows, genes)].reshape(1, -1)
            specificity = cell_specificity(profiles[rows], np.full(len(rows), drug))
            entries = {
                "drug": held_out.drugs[drug],
                "name": names[drug],
                "panel": panel,
                "correlation": profile_pearson(truth, values)[0],
                "specificity": specificity["specificity"].item(),
                "cell": np.repeat(held_out.cells[held_out.cell[rows]], len(genes)),
                "gene": np.tile(held_out.genes[genes], len(rows)),
                "value": values.ravel(),
            }
            tables.append(pd.DataFrame(entries))
    return pd.concat(tables, ignore_index=True)


def _leaf_order(rows: np.ndarray) -> np.ndarray:
    """Return the order of rows in which a clustering puts like beside like."""
    distance = np.nan_to_num(pdist(rows.astype(np.float64), "cosine"), nan=1)  # rows of zeros
    return leaves_list(linkage(distance, "average", optimal_ordering=True))
