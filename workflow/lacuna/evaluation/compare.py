"""Which method is better, where, and is that beyond chance?"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import (
    LEAST_DRUGS,
    adjust_holm,
    bootstrap_weights,
    intervals,
    p_values,
)
from lacuna.evaluation.metrics import METRICS
from lacuna.tensor.profiles import ProfileSet

COVERAGE_BINS = 3
DIRECTION = {"higher": 1, "lower": -1}


def compare_methods(draws: pd.DataFrame) -> pd.DataFrame:
    """Compare methods by the same draws of drugs.

    Parameters
    ----------
    draws
        size, split, method and the metrics: `score_draws` of every method, below each other.

    Returns
    -------
    DataFrame with columns size, split, metric, best, method, value, low, high, p_holm
        For each metric of which higher or lower is better: by how much each method is worse than
        the best one, with a paired 95 % interval, and the two-sided bootstrap p-value of no
        difference, adjusted for the number of methods (Holm 1979, Scand J Stat 6:65). low, high
        and p_holm are NaN with fewer than `LEAST_DRUGS` drugs.
    """
    metrics = draws.columns.drop(["size", "split", "method"])
    tables = []
    for (size, split), group in draws.groupby(["size", "split"], sort=False):
        of_method = {name: rows.reset_index(drop=True) for name, rows in group.groupby("method")}
        for metric in group[metrics].dropna(axis=1, how="all").columns:
            direction = DIRECTION.get(METRICS[metric].better) if metric in METRICS else None
            if direction is None:
                continue
            scores = pd.DataFrame(
                {name: direction * rows[metric] for name, rows in of_method.items()}
            )
            best = scores.iloc[0].idxmax()
            lead = scores.drop(columns=best).rsub(scores[best], axis=0)
            behind = intervals(lead).assign(p_holm=adjust_holm(p_values(lead.iloc[1:])))
            behind = behind.rename(columns={"metric": "method"}).sort_values("value")
            names = {"size": size, "split": split, "metric": metric, "best": best}
            tables.append(pd.DataFrame(names, index=behind.index).join(behind))
    return pd.concat(tables, ignore_index=True)


def lead_over_simple(draws: pd.DataFrame, simple: Collection[str]) -> pd.DataFrame:
    """Compare every method with the best of the simple ones, by the same draws of drugs.

    The best simple method is chosen on the data that the lead is told on, which makes leads small
    rather than large.

    Parameters
    ----------
    draws
        size, split, method and the metrics: `score_draws` of every method, below each other.
    simple
        Names of those that are plain means or sums of means.

    Returns
    -------
    DataFrame with columns size, split, metric, method, baseline, value, low, high
        value: by how much the method is better, with a paired 95 % interval, NaN with fewer than
        `LEAST_DRUGS` drugs. No rows where no simple method was scored.
    """
    tables = []
    for (size, split), group in draws.groupby(["size", "split"], sort=False):
        names = {"size": size, "split": split}
        of_method = {name: rows.reset_index(drop=True) for name, rows in group.groupby("method")}
        plain = [name for name in simple if name in of_method]
        for metric in group.columns.drop(["size", "split", "method"]):
            direction = DIRECTION.get(METRICS[metric].better) if metric in METRICS else None
            scores = pd.DataFrame({name: rows[metric] for name, rows in of_method.items()})
            scores = scores.dropna(axis=1, how="all")
            known = [name for name in plain if name in scores]
            if direction is None or not known:
                continue
            baseline = (direction * scores[known].iloc[0]).idxmax()
            lead = direction * scores.drop(columns=baseline).sub(scores[baseline], axis=0)
            table = intervals(lead).rename(columns={"metric": "method"})
            table.insert(1, "baseline", baseline)
            tables.append(pd.DataFrame(names | {"metric": metric}, index=table.index).join(table))
    columns = ["size", "split", "metric", "method", "baseline", "value", "low", "high"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


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
    are equal are merged. It puts Hodos et al. 2018, figure 3B (doi:10.1142/9789813235533_0004), in
    numbers, and says what of it is chance.

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
    cells_per_drug = pd.Series(tensor.measured.sum(axis=1), tensor.drugs)
    drugs_per_cell = pd.Series(tensor.measured.sum(axis=0), tensor.cells)
    bins = [
        _bins(cells_per_drug[best["drug"]]).rename("cells_per_drug"),
        _bins(drugs_per_cell[best["cell"]]).rename("drugs_per_cell"),
    ]
    drugs = best["drug"].unique()
    weights = bootstrap_weights(len(drugs), rng)
    leaders, scores, leads = [], [], {}
    for number, ((cells_bin, drugs_bin), held) in enumerate(best.groupby(bins, observed=True)):
        mean = held[methods].mean().sort_values(ascending=False, kind="stable")
        leader = {
            "cells_per_drug": cells_bin,
            "drugs_per_cell": drugs_bin,
            "profiles": len(held),
            "drugs": held["drug"].nunique(),
            "best": mean.index[0],
            "runner_up": "",
            "lead": np.nan,
        }
        if len(methods) > 1:
            leader |= {"runner_up": mean.index[1], "lead": mean.iloc[0] - mean.iloc[1]}
            if leader["drugs"] >= LEAST_DRUGS:
                lead = held[mean.index[0]] - held[mean.index[1]]
                leads[number] = _mean_draws(lead, held["drug"], drugs, weights)
        leaders.append(leader)
        won = held["best"].value_counts(normalize=True)
        scores.append(
            {f"pearson_{method}": mean[method] for method in methods}
            | {f"won_{method}": won.get(method, 0) for method in methods}
        )
    draws = pd.DataFrame(leads, index=range(len(weights)))
    chance = intervals(draws).set_index("metric")[["low", "high"]]
    chance["p_holm"] = adjust_holm(p_values(draws.iloc[1:]))
    return pd.concat(
        [pd.DataFrame(leaders), chance.reindex(range(len(leaders))), pd.DataFrame(scores)], axis=1
    )


def _mean_draws(
    values: pd.Series, drug: pd.Series, drugs: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Average values over profiles in each draw of drugs; NaN in draws that hold none of them."""
    of_drug = values.groupby(drug).agg(["sum", "size"]).reindex(drugs, fill_value=0)
    sums, sizes = (weights @ of_drug.to_numpy()).T
    with np.errstate(invalid="ignore"):
        return sums / sizes


def _bins(counts: pd.Series) -> pd.Series:
    """Cut counts at quantiles of their own, and name each bin by what it holds, in order."""
    cuts = np.arange(1, COVERAGE_BINS) / COVERAGE_BINS
    edges = np.unique(np.quantile(counts, cuts, method="inverted_cdf"))
    _, number = np.unique(np.searchsorted(edges, counts), return_inverse=True)
    ends = counts.groupby(number).agg(["min", "max"])
    names = [f"{low} to {high}" if low < high else str(low) for low, high in ends.to_numpy()]
    return pd.Series(pd.Categorical.from_codes(number.tolist(), pd.Index(names), ordered=True))
