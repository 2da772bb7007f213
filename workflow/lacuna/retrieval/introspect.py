"""What makes a drug easy to find: is it like training drugs, or does it change many genes?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import linregress

from lacuna.errors import LacunaError
from lacuna.evaluation.bootstrap import LEAST_DRUGS, bootstrap_weights, intervals
from lacuna.evaluation.correlation import correlation_of
from lacuna.retrieval.measures import Measure, nearest
from lacuna.retrieval.ranks import Found
from lacuna.retrieval.ties import reciprocal_rank
from lacuna.vectors import mean_by

CHANGED = 2.0  # standard deviations of vehicle wells, beyond which a gene has changed
LEAST_POINTS = 3  # a line through two points fits them always
OUTCOMES = ("minus_log_mrr", "median_rank")
WELLS = 1024  # at a time


def scores_of_drugs(found: Found, drug: np.ndarray) -> pd.DataFrame:
    """Say how well each drug is found.

    Parameters
    ----------
    found
        What was found.
    drug : array of shape (asked,)
        The drug of each query.

    Returns
    -------
    DataFrame with columns drug, queries, mrr, minus_log_mrr, median_rank, median_rank_share
        A row per drug with a ranked query, in the order of names. mrr: the mean reciprocal rank of
        its queries; minus_log_mrr: its natural logarithm, negative: 0 where the drug always comes
        first, as Finlayson et al. 2021 (doi:10.48550/arXiv.1911.10241), figure 3, draw it;
        median_rank_share: of rank / library size.
    """
    table = pd.DataFrame(
        {
            "drug": np.asarray(drug)[found.query],
            "mrr": reciprocal_rank(found),
            "rank": found.rank,
            "share": found.rank / found.library,
        }
    )
    scores = table.groupby("drug").agg(
        queries=("rank", "size"),
        mrr=("mrr", "mean"),
        median_rank=("rank", "median"),
        median_rank_share=("share", "median"),
    )
    scores.insert(2, "minus_log_mrr", -np.log(scores["mrr"]) + 0.0)  # 0, not -0
    return scores.reset_index()


def distance_to_training(rows: np.ndarray, training: np.ndarray, measure: Measure) -> np.ndarray:
    """Return how far each row is from the nearest training row, float64 of shape (n,).

    Parameters
    ----------
    rows, training : arrays of shape (n, p) and (m, p)
        Molecules by their vectors: aligned or of the encoder (correlation), fingerprints (jaccard:
        1 - Tanimoto similarity). Or profiles, raw or aligned.
    measure
        See `lacuna.retrieval.measures.distances_between`.

    Raises
    ------
    LacunaError
        If there is no training row, or rows cannot be compared.
    """
    return nearest(rows, training, measure)[0]


def changed_genes(
    treated: np.ndarray, plate: np.ndarray, vehicle: np.ndarray, vehicle_plate: np.ndarray
) -> np.ndarray:
    """Count the genes that each treated well changes.

    A gene has changed where |z| > 2, with z = (well - mean of the plate's vehicle wells) / s. Here
    s is the gene's standard deviation among vehicle wells of one plate, pooled over all plates,
    since most plates have few: s^2 is the sum of squared deviations from the own plate's mean over
    (vehicle wells - plates). Noise alone puts 5 % of genes, or a little more, beyond 2. A gene that
    never varies in vehicle wells does not count.

    Parameters
    ----------
    treated, vehicle : arrays of shape (n, genes) and (k, genes)
    plate, vehicle_plate : arrays of shape (n,) and (k,)

    Returns
    -------
    int array of shape (n,)

    Raises
    ------
    LacunaError
        If a treated well stands on a plate without vehicle wells, no plate has two of them, or a
        value is not finite.
    """
    names, number = np.unique(vehicle_plate, return_inverse=True)
    missing = np.setdiff1d(plate, names)
    if len(missing):
        raise LacunaError(
            f"retrieval: changed genes: plate {missing[0]} has no vehicle well, as have "
            f"{len(missing)} plates in all; expected one at least. Leave their wells out."
        )
    if not (np.isfinite(treated).all() and np.isfinite(vehicle).all()):
        raise LacunaError("retrieval: changed genes: a value of a well is not finite.")
    freedom = len(vehicle) - len(names)
    if not freedom:
        raise LacunaError(
            "retrieval: changed genes: no plate has two vehicle wells; expected one that has, to "
            "tell changes from noise."
        )
    wide = vehicle.astype(np.float64)
    means, _ = mean_by(number, len(names), wide)
    deviation = np.sqrt(((wide - means[number]) ** 2).sum(axis=0) / freedom)
    limit = np.where(deviation > 0, CHANGED * deviation, np.inf)
    at = np.searchsorted(names, plate)
    count = np.empty(len(treated), dtype=int)
    for first in range(0, len(treated), WELLS):
        rows = slice(first, first + WELLS)
        count[rows] = (np.abs(treated[rows] - means[at[rows]]) > limit).sum(axis=1)
    return count


def regressions(
    table: pd.DataFrame,
    features: Sequence[str],
    rng: np.random.Generator,
    outcomes: Sequence[str] = OUTCOMES,
    logs: Sequence[str] = (),
) -> pd.DataFrame:
    """Regress how well drugs are found on what is known of them, a feature at a time.

    Parameters
    ----------
    table
        A row per drug, or per query; drug, the features and the outcomes.
    features
        Columns that explain.
    rng
        Draws the drugs of the bootstrap.
    outcomes
        Columns to explain.
    logs
        Features of which the natural logarithm is taken; rows where one is not above 0 are counted
        out.

    Returns
    -------
    DataFrame with columns outcome, feature, log, rows, left_out, slope, low, high, intercept, r, \
r_low, r_high, p
        Least squares as `scipy.stats.linregress` has it; p is that of a slope of 0 when rows are
        independent, which wells of a drug are not. low, high: the 95 % bootstrap interval of the
        slope over drugs, r_low, r_high: of r; empty with fewer than five drugs. Where the feature
        or the outcome does not vary, or fewer than three rows are left, slope and r are 0, with
        their intervals, and p is 1.

    Raises
    ------
    LacunaError
        If a feature or an outcome is not finite.
    """
    drugs, number = np.unique(table["drug"], return_inverse=True)
    weights = bootstrap_weights(len(drugs), rng)
    rows = []
    for outcome in outcomes:
        for feature in features:
            x, y = (table[name].to_numpy(dtype=float) for name in (feature, outcome))
            for name, values in ((feature, x), (outcome, y)):
                if not np.isfinite(values).all():
                    row = int(np.argmin(np.isfinite(values)))
                    raise LacunaError(
                        f"retrieval: {name} of drug {table['drug'].iloc[row]} is {values[row]}; "
                        "expected a finite number. Leave drugs out of which it is not known."
                    )
            log = feature in logs
            kept = x > 0 if log else np.full(len(x), True)
            x = np.log(x[kept]) if log else x
            fit = _regress(x, y[kept], number[kept], weights)
            names = {"outcome": outcome, "feature": feature, "log": log}
            rows.append(names | {"rows": len(x), "left_out": int((~kept).sum())} | fit)
    return pd.DataFrame(rows)


def equal_fingerprints(
    test: np.ndarray, training: np.ndarray, test_names: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    """List different molecules of test and training that have the same fingerprint.

    To a method that sees fingerprints only, they are one: no leak of structures, but no new
    structure either (Finlayson et al. 2021, figure A3).

    Parameters
    ----------
    test, training : arrays of shape (n, bits) and (m, bits)
        Of 0 and 1.
    test_names, names
        Of the molecules; a molecule of the same name on both sides is no pair. Fingerprints without
        a bit are no pair either.

    Returns
    -------
    DataFrame with columns test, training
        In the order of both; `table["test"].nunique()` test molecules have such a partner.
    """
    holders: dict[bytes, list[str]] = {}
    for row, name in zip(np.asarray(training, dtype=bool), names, strict=True):
        holders.setdefault(np.packbits(row).tobytes(), []).append(name)
    pairs = [
        (mine, other)
        for row, mine in zip(np.asarray(test, dtype=bool), test_names, strict=True)
        if row.any()
        for other in holders.get(np.packbits(row).tobytes(), [])
        if other != mine
    ]
    return pd.DataFrame(pairs, columns=["test", "training"])


def _regress(x: np.ndarray, y: np.ndarray, drug: np.ndarray, weights: np.ndarray) -> dict:
    """Fit a line, and fit it in each draw of drugs."""
    varies = len(x) >= LEAST_POINTS and np.ptp(x) > 0 and np.ptp(y) > 0
    if not varies:
        middle = float(y.mean()) if len(y) else 0.0
        nothing = dict.fromkeys(("low", "high", "intercept", "r", "r_low", "r_high", "p"), 0.0)
        return {"slope": 0.0} | nothing | {"intercept": middle, "p": 1.0}
    fit = linregress(x, y)
    # Centred first, so that differences of large sums lose no digits.
    x, y = x - x.mean(), y - y.mean()
    moments = np.zeros((weights.shape[1], 6))
    np.add.at(moments, drug, np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1))
    if len(np.unique(drug)) < LEAST_DRUGS:
        weights = np.where(np.arange(len(weights)) > 0, np.nan, 1.0)[:, None] * weights
    n, sx, sy, xx, _, xy = (sums := weights @ moments).T
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = xx - sx * sx / n
        slope = np.where(spread > 0, (xy - sx * sy / n) / spread, 0.0 * n)
    draws = pd.DataFrame({"slope": slope, "r": correlation_of(sums)})
    ends = intervals(draws).set_index("metric")
    return {
        "slope": fit.slope,
        "low": ends.loc["slope", "low"],
        "high": ends.loc["slope", "high"],
        "intercept": fit.intercept,
        "r": fit.rvalue,
        "r_low": ends.loc["r", "low"],
        "r_high": ends.loc["r", "high"],
        "p": fit.pvalue,
    }
