"""How good predictions were for drugs that were held out whole, beside the mean of the cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.correlation import profile_pearson
from lacuna.evaluation.held_out import held_out_order
from lacuna.evaluation.similar_drugs import nearest_in_training
from lacuna.io.tsv import read_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

# Held-out drugs are judged apart by how similar the nearest training drug is (Tanimoto), between
# these limits; ranges with too few profiles or drugs to say much are joined with the next one.
LIMITS = (0.0, 0.3, 0.4, 0.5, 0.7, 1.0)
LEAST_PROFILES, LEAST_DRUGS = 50, 10
DIGITS = 6  # of similarities, which come in single precision
SCORES = ("r", "cell_mean", "lead")
COLUMNS = ["above", "to", "drugs", "profiles"]
COLUMNS += [f"{score}{end}" for score in SCORES for end in ("", "_low", "_high")]


def accuracy_of_run(
    tensor: ProfileSet, smiles: np.ndarray | None, files: Mapping[str, str], seed: int
) -> pd.DataFrame:
    """Return `accuracy_by_similarity` of a run.

    Parameters
    ----------
    tensor
        All observed profiles.
    smiles : array of str of shape (drugs,), or None
        Their structures.
    files
        folds: of held-out drugs; scores: a method's, of each held-out profile. Without any, the
        table is empty.
    seed
        Of the run.

    Raises
    ------
    LacunaError
        If the files are those of another tensor.
    """
    if not files:
        return pd.DataFrame(columns=COLUMNS, dtype=float)
    fold, scores = read_of_profiles(tensor, files["folds"], "fold"), read_table(files["scores"])
    drug, cell = tensor.drugs[tensor.drug], tensor.cells[tensor.cell]
    order = held_out_order(fold)
    known = scores["drug"].to_numpy(object), scores["cell"].to_numpy(object)
    if not (np.array_equal(known[0], drug[order]) and np.array_equal(known[1], cell[order])):
        raise LacunaError(
            f"{files['scores']}: is not of the profiles that {files['folds']} holds out of this "
            "tensor. Run the workflow again, so that all is of one run."
        )
    rng = generator(seed, "predict", "accuracy")
    return accuracy_by_similarity(tensor, fold, scores["pearson"].to_numpy(), smiles, rng)


def accuracy_by_similarity(
    tensor: ProfileSet,
    fold: np.ndarray,
    pearson: np.ndarray,
    smiles: np.ndarray | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Say how good predictions were, and the mean of the cell, for drugs held out whole.

    Parameters
    ----------
    tensor
        All observed profiles.
    fold : int array of shape (n,)
        The fold that holds out each of them, with all others of its drug.
    pearson : array of shape (held out,)
        The correlation over genes of each prediction with what was measured, in the order of
        `lacuna.evaluation.held_out`.
    smiles : array of str of shape (drugs,), or None
        Structures, empty where not known.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns `COLUMNS`
        The first row is of all held-out profiles; then one for each of `similarity_ranges`: above,
        to: the similarity of the nearest training drug (NaN of all). r: the mean correlation;
        cell_mean: that of the mean of the cell's training profiles; lead: the mean difference of
        the two; each with its 95 % bootstrap interval over drugs.
    """
    order = held_out_order(fold)
    drug = tensor.drug[order]
    of_mean = cell_mean_pearson(tensor, fold)
    values = pd.DataFrame({"r": pearson, "cell_mean": of_mean, "lead": pearson - of_mean})
    nearest = np.round(nearest_in_training(tensor, fold, smiles), DIGITS)
    everything = np.ones(len(order), bool)
    rows = []
    for above, to, chosen in [(np.nan, np.nan, everything), *similarity_ranges(nearest, drug)]:
        found = intervals(bootstrap_means(values[chosen], drug[chosen], rng)).set_index("metric")
        counts = {"drugs": len(np.unique(drug[chosen])), "profiles": int(chosen.sum())}
        row: dict[str, Any] = {"above": above, "to": to, **counts}
        for score in SCORES:
            ends = {"": "value", "_low": "low", "_high": "high"}
            row |= {f"{score}{end}": found.loc[score, column] for end, column in ends.items()}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def similarity_ranges(
    nearest: np.ndarray, drug: np.ndarray
) -> list[tuple[float, float, np.ndarray]]:
    """Cut held-out profiles by how similar the nearest training drug is.

    Parameters
    ----------
    nearest, drug : arrays of shape (n,)
        The similarity, NaN where not known, and the drug of each profile.

    Returns
    -------
    list of (above, to, mask of shape (n,))
        Ranges from 0 to 1 without a gap; `to` is in the next one, but for 1. None where all
        profiles of known structure together are too few.
    """
    ranges: list[tuple[float, float, np.ndarray]] = []
    above = LIMITS[0]
    for to in LIMITS[1:]:
        inside = (nearest >= above) & ((nearest < to) | (to == LIMITS[-1]))
        if inside.sum() >= LEAST_PROFILES and len(np.unique(drug[inside])) >= LEAST_DRUGS:
            ranges.append((above, to, inside))
            above = to
    if ranges and above < LIMITS[-1]:  # too few are left at the end
        first, _, inside = ranges.pop()
        ranges.append((first, LIMITS[-1], inside | (nearest >= above)))
    return ranges


def cell_mean_pearson(tensor: ProfileSet, fold: np.ndarray) -> np.ndarray:
    """Return the correlation of each held-out profile with the mean of its cell in training."""
    order = held_out_order(fold)
    means = np.empty((len(order), len(tensor.genes)), np.float32)
    for number in np.unique(fold[order]):
        rows = fold[order] == number
        means[rows] = tensor.take(fold != number).mean_by_cell()[0][tensor.cell[order][rows]]
    return profile_pearson(tensor.profiles[order], means)


def row_for(accuracy: pd.DataFrame, tanimoto: float) -> "pd.Series[float] | None":
    """Return what is known of drugs whose nearest training drug is so similar.

    The row of all held-out profiles where there are no ranges; None where no drug was held out.
    """
    if accuracy.empty:
        return None
    tanimoto = round(tanimoto, DIGITS)
    inside = (accuracy["above"] <= tanimoto) & (
        (tanimoto < accuracy["to"]) | (accuracy["to"] == LIMITS[-1])
    )
    return accuracy[inside].iloc[0] if inside.any() else accuracy.iloc[0]
