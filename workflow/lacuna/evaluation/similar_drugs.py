"""Is prediction easy because training holds drugs of like structure?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.held_out import HeldOut, held_out_order
from lacuna.evaluation.scorer import Scorer
from lacuna.structures.fingerprints import known_similarity
from lacuna.tensor.profiles import ProfileSet

THRESHOLDS = tuple(tenths / 10 for tenths in range(2, 11))  # Tanimoto; 1 leaves nothing out
# The authors' fingerprints are ECFP6; how many bits they have is not said: these are CDK's default.
ECFP6 = {"radius": 3, "bits": 1024}
MOST_SIMILAR = ["drug", "name", "tanimoto", "most_similar", "most_similar_name"]


def nearest_in_training(
    tensor: ProfileSet, fold: np.ndarray, smiles: np.ndarray | None
) -> np.ndarray:
    """Return how like the most similar training drug each held-out profile's drug is.

    Parameters
    ----------
    tensor
        All observed profiles.
    fold : int array of shape (n,)
        The fold that holds out each of them, if any.
    smiles : array of str of shape (drugs,), or None
        Structures, empty where not known; a drug without a readable one is like none.

    Returns
    -------
    array of shape (held out,)
        In the order of `HeldOut`: the largest Tanimoto similarity of Morgan fingerprints (radius 2,
        2,048 bits) with another drug that has a training profile in the fold; NaN where the drug's
        own structure is not known.
    """
    if smiles is None:
        smiles = np.full(len(tensor.drugs), "")
    similarity = known_similarity(smiles)
    known = np.isfinite(similarity.diagonal())
    np.fill_diagonal(similarity, 0)
    similarity[np.isnan(similarity)] = 0
    order = held_out_order(fold)
    nearest = np.full(len(order), np.nan)
    for number in np.unique(fold[order]):
        trained = np.unique(tensor.drug[fold != number])
        rows = fold[order] == number
        drug = tensor.drug[order][rows]
        nearest[rows] = np.where(known[drug], similarity[:, trained].max(axis=1)[drug], np.nan)
    return nearest


def accuracy_without_similar(
    held_out: HeldOut, nearest: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the PCT of the profiles whose drug is like no training drug, at ever lower thresholds.

    The control of Hodos et al. 2018 for chemical similarity (figure S3, authors' code;
    doi:10.1142/9789813235533_0004).

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    nearest : array of shape (n,)
        As `nearest_in_training` returns it.
    rng
        Draws the drugs of the bootstrap. With streams seeded alike, the draws of two methods are
        paired.

    Returns
    -------
    DataFrame with columns threshold, drugs, profiles, pct, low, high
        threshold: the similarity that the drugs' nearest training drug has at most; low, high: 95 %
        bootstrap interval over drugs, NaN with too few. A threshold that leaves nothing is left
        out.
    """
    scorer = Scorer(held_out, rng)
    tables = []
    for threshold in THRESHOLDS:
        rows = nearest <= threshold + 1e-6  # NaN is not; similarities are float32
        if rows.any():
            pct = scorer.pooled_correlation(scorer.truth, scorer.unit, rows)
            drugs = len(np.unique(held_out.drug[rows]))
            counts = {"threshold": threshold, "drugs": drugs, "profiles": rows.sum()}
            table = intervals(pd.DataFrame({"pct": pct})).rename(columns={"value": "pct"})
            tables.append(table.assign(**counts))
    columns = ["threshold", "drugs", "profiles", "pct", "low", "high"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def most_similar_drugs(
    drugs: Sequence[str], names: Sequence[str], smiles: np.ndarray | None
) -> pd.DataFrame:
    """Return of each drug the other drug of the tensor whose structure is most like its own.

    The maxTC of Hodos et al. 2018 (figure S3, authors' code; doi:10.1142/9789813235533_0004): the
    largest Tanimoto coefficient of ECFP6 fingerprints (Morgan's of radius 3, 1,024 bits).

    Parameters
    ----------
    drugs, names
        Of the tensor, in its order; a drug without a name has its id.
    smiles : array of str of shape (drugs,), or None
        Structures, empty where not known.

    Returns
    -------
    DataFrame with columns `MOST_SIMILAR`, one row per drug
        tanimoto: NaN, and most_similar empty, where the structure of the drug or of all others is
        not known. Of drugs that are equally like it, the first.
    """
    if smiles is None:
        smiles = np.full(len(drugs), "")
    similarity = known_similarity(smiles, **ECFP6)
    np.fill_diagonal(similarity, np.nan)
    similarity[np.isnan(similarity)] = -1  # less than any
    nearest = similarity.argmax(axis=1)
    largest = similarity.max(axis=1).astype(float)
    known = largest >= 0
    return pd.DataFrame(
        {
            "drug": drugs,
            "name": names,
            "tanimoto": np.where(known, largest, np.nan),
            "most_similar": np.where(known, np.array(drugs, object)[nearest], ""),
            "most_similar_name": np.where(known, np.array(names, object)[nearest], ""),
        }
    )
