"""The bootstrap over drugs: profiles of one drug are not independent."""

import numpy as np
import pandas as pd

BOOTSTRAP_DRAWS = 1000
CONFIDENCE = 0.95
LEAST_DRUGS = 5


def intervals(draws: pd.DataFrame) -> pd.DataFrame:
    """Return value, low and high (95 % percentile interval) of each column of `bootstrap`."""
    low, high = (draws.iloc[1:].quantile((1 + side * CONFIDENCE) / 2) for side in (-1, 1))
    table = pd.DataFrame({"value": draws.iloc[0], "low": low, "high": high})
    return table.rename_axis("metric").reset_index()


def p_values(draws: pd.DataFrame) -> np.ndarray:
    """Two-sided bootstrap p-values of a difference of 0, one per column."""
    least = np.minimum((draws <= 0).sum(), (draws >= 0).sum()).to_numpy()
    return np.minimum(2 * (least + 1) / (len(draws) + 1), 1)


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    order = np.argsort(p_values)
    adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    return np.minimum(adjusted, 1)[np.argsort(order)]


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


def bootstrap_weights(drugs: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each draw holds each drug, (1 + draws, drugs); the first draw is the data.

    Seeded alike for every method, so that draws of two methods are paired.
    """
    drawn = rng.multinomial(drugs, np.full(drugs, 1 / drugs), size=BOOTSTRAP_DRAWS)
    return np.vstack([np.ones(drugs), drawn])


def sum_by(group: np.ndarray, rows: np.ndarray, groups: int) -> np.ndarray:
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, group, rows)
    return sums
