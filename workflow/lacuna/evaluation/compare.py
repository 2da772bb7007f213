"""Which method is better, where, and is that beyond chance?"""

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import (
    LEAST_DRUGS,
    adjust_holm,
    bootstrap_weights,
    intervals,
    p_values,
)
from lacuna.tensor.profiles import ProfileSet

HIGHER_IS_NOT_BETTER = ["variance_ratio"]
COVERAGE_BINS = 3


def compare_methods(draws: pd.DataFrame) -> pd.DataFrame:
    """Compare methods by the same draws of drugs.

    Parameters
    ----------
    draws
        size, split, method and the metrics: `bootstrap` of every method, below each other.

    Returns
    -------
    DataFrame with columns size, split, metric, best, method, value, low, high, p_holm
        For each metric of which more is better, how far each method lies below the best one, with a
        paired 95 % interval, and the two-sided bootstrap p-value of no difference, adjusted for
        the number of methods (Holm 1979, Scand J Stat 6:65).
    """
    metrics = draws.columns.drop(["size", "split", "method"])
    tables = []
    for (size, split), group in draws.groupby(["size", "split"], sort=False):
        of_method = {name: rows.reset_index(drop=True) for name, rows in group.groupby("method")}
        measured = group[metrics].dropna(axis=1, how="all").columns
        for metric in measured.difference(HIGHER_IS_NOT_BETTER, sort=False):
            scores = pd.DataFrame({name: rows[metric] for name, rows in of_method.items()})
            best = scores.iloc[0].idxmax()
            lead = scores.drop(columns=best).rsub(scores[best], axis=0)
            below = intervals(lead).assign(p_holm=adjust_holm(p_values(lead.iloc[1:])))
            below = below.rename(columns={"metric": "method"}).sort_values("value")
            names = {"size": size, "split": split, "metric": metric, "best": best}
            tables.append(pd.DataFrame(names, index=below.index).join(below))
    return pd.concat(tables, ignore_index=True)


def best_method_per_profile(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the method with the highest correlation on each profile.

    Parameters
    ----------
    scores
        method, drug, cell, pearson; of equal ones the first method wins.

    Returns
    -------
    DataFrame with columns drug, cell, best, and the correlation of every method
    """
    methods = list(scores["method"].unique())
    wide = scores.pivot_table("pearson", index=["drug", "cell"], columns="method")[methods]
    wide.insert(0, "best", wide.idxmax(axis=1))
    return wide.rename_axis(columns=None).reset_index()


def where_methods_win(
    best: pd.DataFrame, tensor: ProfileSet, rng: np.random.Generator
) -> pd.DataFrame:
    """Compare the methods where drugs and cells have few profiles, and where they have many.

    Held-out profiles are put into bins by the number of cells their drug was measured in, and the
    number of drugs measured in their cell, each cut at its terciles over the profiles; cuts that
    are equal are merged. It puts Hodos et al. 2018, figure 3B, in numbers, and says what of it is
    chance.

    Parameters
    ----------
    best
        As `best_method_per_profile` returns it.
    tensor
        All observed profiles: what is counted.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame, one row per bin that holds profiles
        cells_per_drug, drugs_per_cell: the counts in the bin, such as "3 to 5"; profiles; drugs;
        best, runner_up: the methods of the highest mean correlation per profile, of equal ones the
        first; lead: by how much, with low and high, the paired 95 % bootstrap interval over drugs,
        and p_holm, the two-sided p-value adjusted for the number of bins (NaN, all three, with
        fewer than `LEAST_DRUGS` drugs); then of each method pearson_{method}, its mean correlation,
        and won_{method}, the share of the profiles that it predicts best.
    """
    methods = list(best.columns.drop(["drug", "cell", "best"]))
    axes = {
        "cells_per_drug": ("drug", tensor.drugs, 1),
        "drugs_per_cell": ("cell", tensor.cells, 0),
    }
    bins = [
        _bins(pd.Series(tensor.measured.sum(axis=axis), names)[best[column]]).rename(key)
        for key, (column, names, axis) in axes.items()
    ]
    drugs = best["drug"].unique()
    weights = bootstrap_weights(len(drugs), rng)
    rows, leads = [], {}
    for place, held in best.groupby(bins, observed=True):
        mean = held[methods].mean()
        first, second, *_ = [*mean.sort_values(ascending=False, kind="stable").index, None]
        row = {**dict(zip(axes, place, strict=True)), "profiles": len(held)}
        row |= {"drugs": held["drug"].nunique(), "best": first, "runner_up": second or ""}
        row["lead"] = mean[first] - mean[second] if second else np.nan
        won = held["best"].value_counts(normalize=True)
        row |= {f"pearson_{method}": mean[method] for method in methods}
        row |= {f"won_{method}": won.get(method, 0) for method in methods}
        if second and row["drugs"] >= LEAST_DRUGS:
            lead = held[first] - held[second]
            sums = lead.groupby(held["drug"]).agg(["sum", "size"]).reindex(drugs, fill_value=0)
            with np.errstate(invalid="ignore"):  # a draw may hold no drug of the bin
                leads[len(rows)] = np.divide(*(weights @ sums.to_numpy()).T)
        rows.append(row)
    draws = pd.DataFrame(leads, index=range(len(weights)))
    chance = intervals(draws).set_index("metric")[["low", "high"]]
    chance["p_holm"] = adjust_holm(p_values(draws.iloc[1:]))
    table = pd.DataFrame(rows).join(chance)
    front = [*axes, "profiles", "drugs", "best", "runner_up", "lead", *chance]
    return table[[*front, *table.columns.difference(front, sort=False)]]


def _bins(counts: pd.Series) -> pd.Series:
    """Cut counts at quantiles of their own, and name each bin by what it holds, in order."""
    cuts = np.arange(1, COVERAGE_BINS) / COVERAGE_BINS
    edges = np.unique(np.quantile(counts, cuts, method="inverted_cdf"))
    _, number = np.unique(np.searchsorted(edges, counts), return_inverse=True)
    ends = counts.groupby(number).agg(["min", "max"])
    names = [f"{low} to {high}" if low < high else str(low) for low, high in ends.to_numpy()]
    return pd.Series(pd.Categorical.from_codes(number, names, ordered=True))
