"""The bootstrap over drugs: profiles of one drug are not independent.

Every analysis that states an interval draws from here, so that there is one number of draws. A
score that is computed from sums per drug is reweighed by `bootstrap_weights` instead of computed
anew, which costs next to nothing.
"""

import numpy as np
import pandas as pd

BOOTSTRAP_DRAWS = 1000
CONFIDENCE = 0.95
LEAST_DRUGS = 5  # with fewer, draws of drugs say nothing of chance


def bootstrap_weights(drugs: int, rng: np.random.Generator) -> np.ndarray:
    """Draw drugs with replacement.

    Streams seeded alike give equal draws: those of two methods are then paired.

    Parameters
    ----------
    drugs
        Number of drugs.
    rng
        Draws as many drugs as there are, `BOOTSTRAP_DRAWS` times.

    Returns
    -------
    array of shape (1 + BOOTSTRAP_DRAWS, drugs)
        How often each draw holds each drug. The first row is the data: every drug once. With fewer
        than `LEAST_DRUGS` drugs the draws are NaN, and so are intervals and p-values of them.
    """
    drawn = rng.multinomial(drugs, np.full(drugs, 1 / drugs), size=BOOTSTRAP_DRAWS)
    return np.vstack(
        [np.ones(drugs), drawn if drugs >= LEAST_DRUGS else np.full(drawn.shape, np.nan)]
    )


def bootstrap_means(
    values: pd.DataFrame, drug: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Average columns over profiles, of the data as they are and of draws of drugs.

    Parameters
    ----------
    values
        One row per profile; NaN where a column has none.
    drug : array of shape (n,)
        The drug of each row.
    rng
        Draws drugs with replacement, the same ones for all columns.

    Returns
    -------
    DataFrame with the same columns, one row per draw, of which the first is the data
        NaN in the draws of columns that have values of fewer than `LEAST_DRUGS` drugs.
    """
    by_drug = values.groupby(np.asarray(drug))
    sums, counts = by_drug.sum(), by_drug.count()
    weights = bootstrap_weights(len(sums), rng)
    with np.errstate(invalid="ignore"):  # a draw may hold no drug of a column
        means = (weights @ sums.to_numpy()) / (weights @ counts.to_numpy())
    means[1:, (counts > 0).sum() < LEAST_DRUGS] = np.nan
    return pd.DataFrame(means, columns=values.columns)


def sum_by(group: np.ndarray, rows: np.ndarray, groups: int) -> np.ndarray:
    """Return the sum of each group's rows, float64 of shape (groups, columns)."""
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, group, rows)
    return sums


def intervals(draws: pd.DataFrame) -> pd.DataFrame:
    """Return the value and the percentile interval of each score.

    Parameters
    ----------
    draws
        One column per score, one row per draw, of which the first is the data.

    Returns
    -------
    DataFrame with columns metric, value, low, high
        metric: the column; value: on the data; low, high: the ends of the 95 % interval, NaN where
        no draw has a value.
    """
    tail = (1 - CONFIDENCE) / 2
    low, high = draws.iloc[1:].quantile(tail), draws.iloc[1:].quantile(1 - tail)
    table = pd.DataFrame({"value": draws.iloc[0], "low": low, "high": high})
    return table.rename_axis("metric").reset_index()


def p_values(draws: pd.DataFrame) -> np.ndarray:
    """Return two-sided bootstrap p-values of a difference of 0, one per column.

    With b of the B draws that have a value on the rarer side of 0, p = min(1, 2 (b + 1) / (B + 1)):
    never 0, as the data count as a draw (Davison and Hinkley 1997, Bootstrap Methods and their
    Application, equation 4.11, doi:10.1017/CBO9780511802843). NaN where no draw has a value.

    Parameters
    ----------
    draws
        One row per draw, without the data.
    """
    values = draws.to_numpy(dtype=float)
    rarer = np.minimum((values <= 0).sum(axis=0), (values >= 0).sum(axis=0))
    present = np.isfinite(values).sum(axis=0)
    return np.where(present > 0, np.minimum(2 * (rarer + 1) / (present + 1), 1), np.nan)


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number (Holm 1979, Scand J Stat 6:65).

    The k-th smallest of m is multiplied by m - k + 1, and is at least as large as those before it.
    NaN stays NaN, and does not count.
    """
    order = np.argsort(p_values)  # NaN last
    tests = np.isfinite(p_values).sum()
    adjusted = np.maximum.accumulate(p_values[order] * (tests - np.arange(len(order))))
    return np.minimum(adjusted, 1)[np.argsort(order)]
