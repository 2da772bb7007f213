"""The judge: how near are predicted profiles to the measured ones? It knows no method.

Every score is computed from sums per drug, so that a bootstrap over drugs (profiles of one drug
are not independent) only weighs those sums anew, and costs next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from lacuna.characteristic_direction import unit_rows
from lacuna.completion import Completion
from lacuna.profiles import ProfileSet

BOOTSTRAP_DRAWS = 1000
CONFIDENCE = 0.95
DEG_PERCENTS = (1, 10)
HIGHER_IS_NOT_BETTER = ["variance_ratio"]
CALIBRATION_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DENSITY_LIMIT, DENSITY_BINS = 0.7, 141
COVERAGE_BINS = 3
LEAST_DRUGS = 5


@dataclass(frozen=True)
class HeldOut:
    """Measured profiles and what a method predicted for them without having seen them.

    Attributes
    ----------
    truth, predicted : float32 arrays of shape (n, genes)
    drug : int array of shape (n,)
        The drug of each profile: the unit of the bootstrap.
    fold : int array of shape (n,)
    cell : int array of shape (n,)
    cell_mean : float32 array of shape (n, genes)
        The mean of the profile's cell over the training profiles of its fold.
    drug_mean : float32 array of shape (n, genes)
        The mean of the drug's profiles that the method was shown; 0 without any.
    inputs : int array of shape (n,)
        The number of those profiles.
    ceiling : array of shape (n,), or None
        The correlation that a perfect prediction would have with each profile, see `ceilings`.
    fallback : bool array of shape (n,)
        Where the method had nothing to go by.
    stderr : float32 array of shape (n,) or (n, genes), or None
        The standard error that the method states, if it does.
    """

    truth: np.ndarray
    predicted: np.ndarray
    drug: np.ndarray
    fold: np.ndarray
    cell: np.ndarray
    cell_mean: np.ndarray
    drug_mean: np.ndarray
    inputs: np.ndarray
    fallback: np.ndarray
    stderr: np.ndarray | None = None
    ceiling: np.ndarray | None = None

    @classmethod
    def gather(
        cls,
        tensor: ProfileSet,
        fold: np.ndarray,
        completions: Sequence[Completion],
        *,
        given_elsewhere: bool = False,
    ) -> "HeldOut":
        """Put the folds' predictions together.

        Parameters
        ----------
        tensor
            All observed profiles.
        fold : int array of shape (n,)
            The fold that holds out each of them, if any.
        completions
            Predictions of the profiles that fold 0 holds out, in their order, then of those of
            fold 1, and so on; in as many parts as they come.
        given_elsewhere
            Whether the method was shown the held-out drug's profiles in other cells.
        """
        at = held_out_order(fold)
        cell_mean, drug_mean = np.empty((2, len(at), len(tensor.genes)), dtype=np.float32)
        inputs = np.empty(len(at), dtype=np.int64)
        for number in np.unique(fold[at]):
            training, rows = tensor.take(fold != number), fold[at] == number
            drug = tensor.drug[at][rows]
            cell_mean[rows] = training.mean_by_cell()[0][tensor.cell[at][rows]]
            means, sizes = (tensor if given_elsewhere else training).mean_by_drug()
            if given_elsewhere:
                inputs[rows] = sizes[drug] - 1
                others = sizes[drug][:, None] * means[drug] - tensor.profiles[at][rows]
                drug_mean[rows] = others / np.maximum(inputs[rows], 1)[:, None]
            else:
                inputs[rows], drug_mean[rows] = sizes[drug], means[drug]
        ceiling = None if tensor.reliability is None else ceilings(tensor.reliability)
        predicted = Completion.join(completions)
        return cls(
            truth=tensor.profiles[at],
            predicted=predicted.profiles,
            drug=tensor.drug[at],
            fold=fold[at],
            cell=tensor.cell[at],
            cell_mean=cell_mean,
            drug_mean=drug_mean,
            inputs=inputs,
            fallback=predicted.fallback,
            stderr=predicted.stderr,
            ceiling=None if ceiling is None else ceiling[at],
        )


def held_out_order(fold: np.ndarray) -> np.ndarray:
    """Return the positions of the held-out profiles in the order of their predictions.

    Those of fold 0 first, each fold's in the tensor's order; `fold` is negative where none holds
    the profile out.
    """
    return np.argsort(fold, kind="stable")[np.sum(fold < 0) :]


def ceilings(reliability: pd.DataFrame) -> np.ndarray:
    """Return the correlation that a perfect prediction would have with each measured profile.

    With a mean correlation r = 1 - ACD between single replicates, the average of k of them has
    reliability k r / (1 + (k - 1) r) (Spearman 1910, Brown 1910), and correlates with what it
    measures at the square root of that. NaN without replicates.
    """
    count, agreement = reliability["replicates"], (1 - reliability["acd"]).clip(lower=0)
    return np.sqrt(count * agreement / (1 + (count - 1) * agreement)).to_numpy()


def bootstrap(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Score a method on everything it predicted, and on draws of drugs with replacement.

    Returns
    -------
    DataFrame, one row per draw, of which the first is the data as they are
        pct: Pearson correlation of all entries pooled, predictions scaled to unit length (as Hodos
        et al. 2018 report); pct_raw: the same on predictions as they are; pct_fold: mean over
        folds of the fold's pct; pct_specific: pct after the cell's training mean is taken from
        truth and prediction; pct_specific_raw: the same on predictions as they are, so that one
        that equals the cell's mean scores 0; pct_beyond_drug: the same with the drug's training
        mean, which then scores 0; pct_with_input and profile_pearson_with_input: on the profiles
        whose drug the method was shown in another cell, where that is not all; profile_pearson:
        mean over profiles of the correlation within the profile; retrieval: see `retrieval`;
        variance_ratio: squared distance of predictions from the cell's mean over that of the truth,
        small where predictions collapse to the mean; pct_of_ceiling: pct over the mean of
        `ceilings`, on the profiles that have one; deg_auc_1 and deg_auc_10: area under the pooled
        ROC curve of finding the 1 % and 10 % of genes that change most; deg_auc_signed_1 and
        deg_auc_signed_10: of finding those that rise most, and
        those that fall most. With equal streams the draws of two methods are paired.
    """
    unit = unit_rows(held_out.predicted)
    drugs, drug = np.unique(held_out.drug, return_inverse=True)
    weights = bootstrap_weights(len(drugs), rng)

    def pooled(truth: np.ndarray, predicted: np.ndarray, mask: slice | np.ndarray) -> np.ndarray:
        sums = _sum_by(drug[mask], _moments(truth[mask], predicted[mask]), len(drugs))
        return _correlation(weights @ sums)

    def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        sums = weights @ _sum_by(drug, np.column_stack([above, below]), len(drugs))
        return sums[:, 0] / sums[:, 1]

    def mean(values: np.ndarray) -> np.ndarray:
        present = np.isfinite(values)
        return ratio(np.where(present, values, 0), present)

    every, cell_mean, drug_mean = slice(None), held_out.cell_mean, held_out.drug_mean
    folds = [held_out.fold == fold for fold in np.unique(held_out.fold)]
    draws = {
        "pct": pooled(held_out.truth, unit, every),
        "pct_raw": pooled(held_out.truth, held_out.predicted, every),
        "pct_fold": _mean_over_present(
            [pooled(held_out.truth, unit, mask) for mask in folds],
            [weights @ np.bincount(drug[mask], minlength=len(drugs)) for mask in folds],
        ),
        "pct_specific": pooled(held_out.truth - cell_mean, unit - cell_mean, every),
        "pct_specific_raw": pooled(
            held_out.truth - cell_mean, held_out.predicted - cell_mean, every
        ),
        "pct_beyond_drug": pooled(
            held_out.truth - drug_mean, held_out.predicted - drug_mean, every
        ),
        "profile_pearson": mean(profile_pearson(held_out.truth, unit)),
        "retrieval": mean(retrieval(held_out)),
        "variance_ratio": ratio(
            ((held_out.predicted - cell_mean) ** 2).sum(axis=1),
            ((held_out.truth - cell_mean) ** 2).sum(axis=1),
        ),
    }
    if 0 < (with_input := held_out.inputs > 0).mean() < 1:
        draws["pct_with_input"] = pooled(held_out.truth, unit, with_input)
        pearson = profile_pearson(held_out.truth, unit)
        draws["profile_pearson_with_input"] = mean(np.where(with_input, pearson, np.nan))
    if held_out.ceiling is not None and np.isfinite(held_out.ceiling).any():
        known = np.isfinite(held_out.ceiling)
        draws["pct_of_ceiling"] = pooled(held_out.truth, unit, known) / mean(held_out.ceiling)
    for percent in DEG_PERCENTS:
        for name, histograms in (("", deg_histograms), ("signed_", signed_deg_histograms)):
            positive, negative = histograms(held_out.truth, unit, percent, drug, len(drugs))
            draws[f"deg_auc_{name}{percent}"] = _auc(weights @ positive, weights @ negative)
    return pd.DataFrame(draws)


def retrieval(held_out: HeldOut) -> np.ndarray:
    """Return, for each prediction, how surely it points to the right profile of its cell.

    The share of the cell's other held-out profiles that correlate less with the prediction than
    the right one does; ties count half, so that chance is 0.5. NaN where the cell has no other.
    """
    truth, predicted = (
        unit_rows(rows - rows.mean(axis=1, keepdims=True))
        for rows in (held_out.truth, held_out.predicted)
    )
    share = np.full(len(truth), np.nan)
    for cell in np.unique(held_out.cell):
        rows = np.flatnonzero(held_out.cell == cell)
        if len(rows) > 1:
            likeness = predicted[rows] @ truth[rows].T
            right = np.diag(likeness)[:, None]
            beaten = (likeness < right).sum(axis=1) + ((likeness == right).sum(axis=1) - 1) / 2
            share[rows] = beaten / (len(rows) - 1)
    return share


def intervals(draws: pd.DataFrame) -> pd.DataFrame:
    """Return value, low and high (95 % percentile interval) of each column of `bootstrap`."""
    low, high = (draws.iloc[1:].quantile((1 + side * CONFIDENCE) / 2) for side in (-1, 1))
    table = pd.DataFrame({"value": draws.iloc[0], "low": low, "high": high})
    return table.rename_axis("metric").reset_index()


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
            below = intervals(lead).assign(p_holm=_holm(_p_values(lead.iloc[1:])))
            below = below.rename(columns={"metric": "method"}).sort_values("value")
            names = {"size": size, "split": split, "metric": metric, "best": best}
            tables.append(pd.DataFrame(names, index=below.index).join(below))
    return pd.concat(tables, ignore_index=True)


def _p_values(draws: pd.DataFrame) -> np.ndarray:
    """Two-sided bootstrap p-values of a difference of 0, one per column."""
    least = np.minimum((draws <= 0).sum(), (draws >= 0).sum()).to_numpy()
    return np.minimum(2 * (least + 1) / (len(draws) + 1), 1)


def _holm(p_values: np.ndarray) -> np.ndarray:
    order = np.argsort(p_values)
    adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    return np.minimum(adjusted, 1)[np.argsort(order)]


def score_folds(held_out: HeldOut) -> pd.DataFrame:
    """Return fold, profiles, with_input, fallbacks and pct (unit-norm predictions) of every fold.

    With input are profiles whose drug the method was shown in another cell.
    """
    rows = []
    for fold in np.unique(held_out.fold):
        mask = held_out.fold == fold
        fallbacks = held_out.fallback[mask].sum()
        pct = pooled_pct(held_out.truth[mask], held_out.predicted[mask])
        counts = {"profiles": mask.sum(), "with_input": (held_out.inputs[mask] > 0).sum()}
        rows.append({"fold": fold, **counts, "fallbacks": fallbacks, "pct": pct})
    return pd.DataFrame(rows)


def pooled_pct(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the PCT of some profiles: the correlation of all entries, predictions of unit length.

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
    """
    return float(_correlation(_moments(truth, unit_rows(predicted)).sum(axis=0, keepdims=True))[0])


def accuracy_by_density(scores: pd.DataFrame) -> pd.DataFrame:
    """Return method, percent, repeats, and mean and sd over repeats of the PCT.

    Parameters
    ----------
    scores
        method, percent, pct: one row per repeat, method and density.
    """
    by_density = scores.groupby(["method", "percent"], sort=False)["pct"]
    return by_density.agg(repeats="size", mean="mean", sd="std").reset_index()


def score_profiles(held_out: HeldOut, tensor: ProfileSet) -> pd.DataFrame:
    """Return drug, cell, fold, inputs, pearson and fallback of every held-out profile."""
    return pd.DataFrame(
        {
            "drug": tensor.drugs[held_out.drug],
            "cell": tensor.cells[held_out.cell],
            "fold": held_out.fold,
            "inputs": held_out.inputs,
            "pearson": profile_pearson(held_out.truth, held_out.predicted),
            "fallback": held_out.fallback,
        }
    )


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
    chance["p_holm"] = _holm(_p_values(draws.iloc[1:]))
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


def profile_pearson(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the correlation over genes of each row; 0 where a row does not vary."""
    return _correlation(_moments(truth, predicted))


def deg_histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count, per drug and score, the genes that are differentially expressed and those not.

    A gene is differentially expressed in a profile when its absolute value reaches the quantile
    1 - percent / 100 of the profile's; its score is the rank of the absolute prediction within the
    profile, ties sharing their mean rank (Hodos et al. 2018, figure 3D and authors' code).

    Returns
    -------
    two arrays of shape (drugs, 2 genes - 1)
        Counts of positives and negatives at the scores 1, 1.5, 2, ..., genes.
    """
    return _histograms(np.abs(truth), np.abs(predicted), percent, drug, drugs)


def signed_deg_histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count as `deg_histograms`, but find the genes that rise most, then those that fall most."""
    rising, falling = (
        _histograms(sign * truth, sign * predicted, percent, drug, drugs) for sign in (1, -1)
    )
    return rising[0] + falling[0], rising[1] + falling[1]


def _histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    positive = truth >= np.quantile(truth, 1 - percent / 100, axis=1, keepdims=True)
    score = (2 * rankdata(predicted, axis=1) - 2).astype(np.int64)
    bins = 2 * truth.shape[1] - 1
    flat = drug[:, None] * bins + score

    def histogram(mask: np.ndarray) -> np.ndarray:
        return np.bincount(flat[mask], minlength=drugs * bins).reshape(drugs, bins).astype(float)

    return histogram(positive), histogram(~positive)


def deg_roc(truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return the pooled ROC curves of finding differentially expressed genes.

    Returns
    -------
    DataFrame with columns percent, false_positive_rate, true_positive_rate
        For each of `DEG_PERCENTS`, from (0, 0) to (1, 1), one row per threshold.
    """
    one_drug = np.zeros(len(truth), dtype=int)
    curves = []
    for percent in DEG_PERCENTS:
        positive, negative = deg_histograms(truth, predicted, percent, one_drug, 1)
        rates = {
            "false_positive_rate": _share_at_or_above(negative[0]),
            "true_positive_rate": _share_at_or_above(positive[0]),
        }
        curves.append(pd.DataFrame({"percent": percent, **rates}))
    return pd.concat(curves, ignore_index=True)


def joint_density(truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Count entries by true and predicted value (predictions scaled to unit length).

    Returns
    -------
    DataFrame with columns true, predicted, entries
        The centres of the bins that hold any entry; values beyond `DENSITY_LIMIT` are counted in
        the outermost bins.
    """
    edges = np.linspace(-DENSITY_LIMIT, DENSITY_LIMIT, DENSITY_BINS + 1)
    inside = [
        np.clip(values, edges[0], edges[-1]).ravel() for values in (truth, unit_rows(predicted))
    ]
    counts, _, _ = np.histogram2d(*inside, bins=edges)
    centres = (edges[1:] + edges[:-1]) / 2
    true, guess = np.nonzero(counts)
    return pd.DataFrame(
        {
            "true": centres[true].round(4),
            "predicted": centres[guess].round(4),
            "entries": counts[true, guess].astype(int),
        }
    )


def calibration(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Compare the standard errors that a method states with the errors it makes.

    Returns
    -------
    DataFrame with columns view, stated, observed, low, high; empty if none are stated
        view "coverage": the share of entries within the normal interval of the stated level, with
        a 95 % bootstrap interval over drugs; view "error": for each tenth of the profiles by
        stated standard error, its mean and the root mean square of the errors made.
    """
    columns = ["view", "stated", "observed", "low", "high"]
    if held_out.stderr is None:
        return pd.DataFrame(columns=columns)
    stated = np.broadcast_to(held_out.stderr.reshape(len(held_out.truth), -1), held_out.truth.shape)
    error = np.abs(held_out.truth - held_out.predicted)
    drugs, drug = np.unique(held_out.drug, return_inverse=True)
    reach = norm.ppf((1 + np.array(CALIBRATION_LEVELS)) / 2)
    within = [(error <= limit * stated).sum(axis=1) for limit in reach]
    sums = _sum_by(drug, np.column_stack([*within, np.full(len(drug), error.shape[1])]), len(drugs))
    sums = bootstrap_weights(len(drugs), rng) @ sums
    draws = pd.DataFrame(sums[:, :-1] / sums[:, -1:], columns=CALIBRATION_LEVELS)
    coverage = intervals(draws).rename(columns={"metric": "stated", "value": "observed"})
    of_profile = pd.DataFrame(
        {"stated": (stated**2).mean(axis=1), "observed": (error**2).mean(axis=1)}
    )
    tenth = (of_profile["stated"].rank(method="first") - 1) * 10 // len(of_profile)
    by_tenth = of_profile.groupby(tenth).mean() ** 0.5
    views = [coverage.assign(view="coverage"), by_tenth.assign(view="error")]
    return pd.concat(views, ignore_index=True)[columns]


def cell_specificity(profiles: np.ndarray, drug: np.ndarray) -> pd.DataFrame:
    """Return how much each drug's profiles differ between cells (Hodos et al. 2018, figure 1).

    Returns
    -------
    DataFrame with columns drug, cells, specificity
        One row per drug with at least two profiles; the specificity is the mean of 1 - cosine over
        pairs of its (unit) profiles, 0 for equal and 1 for unrelated ones. A profile of zeros is
        unrelated to all others.
    """
    order = np.argsort(drug, kind="stable")
    drugs, starts, cells = np.unique(drug[order], return_index=True, return_counts=True)
    rows = profiles[order].astype(np.float64)
    sums = np.add.reduceat(rows, starts, axis=0)
    alone = np.add.reduceat((rows**2).sum(axis=1), starts)
    table = pd.DataFrame({"drug": drugs, "cells": cells})[cells > 1]
    with np.errstate(invalid="ignore"):  # the drugs of one profile
        cosine = ((sums**2).sum(axis=1) - alone) / (cells * (cells - 1))
    return table.assign(specificity=1 - cosine[cells > 1]).reset_index(drop=True)


def score_specificity(held_out: HeldOut, tensor: ProfileSet) -> pd.DataFrame:
    """Return the cell specificity of each drug with two held-out profiles, measured and predicted.

    Returns
    -------
    DataFrame with columns drug, cells, measured, predicted
        See `cell_specificity`; both over the same cells, of predictions scaled to unit length.
    """
    table = cell_specificity(held_out.truth, held_out.drug)
    predicted = cell_specificity(unit_rows(held_out.predicted), held_out.drug)["specificity"]
    table["drug"] = tensor.drugs[table["drug"]]
    return table.rename(columns={"specificity": "measured"}).assign(predicted=predicted)


def specificity_kept(specificity: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Say how well methods preserve the drugs' cell specificity (Hodos et al. 2018, figure 4).

    Parameters
    ----------
    specificity
        method, drug, measured, predicted: `score_specificity` of every method, below each other;
        all methods of the same drugs.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns method, drugs, metric, value, low, high
        correlation: Pearson's r over drugs of predicted with measured specificity; slope: of the
        line through the origin by which least squares tell the predicted from the measured, below
        1 where predictions differ less between cells than they should. With 95 % bootstrap
        intervals over drugs, the same draws for each method.
    """
    drugs = specificity["drug"].nunique()
    weights = bootstrap_weights(drugs, rng)
    tables = []
    for method, rows in specificity.groupby("method", sort=False):
        moments = _moments(rows[["measured"]].to_numpy(), rows[["predicted"]].to_numpy())
        sums = weights @ moments
        scores = {"correlation": _correlation(sums), "slope": sums[:, 5] / sums[:, 3]}
        table = intervals(pd.DataFrame(scores))
        table.insert(0, "drugs", drugs)
        table.insert(0, "method", method)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


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


def _moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return count, sum x, sum y, sum xx, sum yy, sum xy of each row, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    count = np.full(len(x), x.shape[1], dtype=np.float64)
    products = (np.einsum("ij,ij->i", a, b) for a, b in ((x, x), (y, y), (x, y)))
    return np.column_stack([count, x.sum(axis=1), y.sum(axis=1), *products])


def _correlation(moments: np.ndarray) -> np.ndarray:
    """Pearson correlation from rows of summed moments; 0 where one side does not vary."""
    n, x, y, xx, yy, xy = moments.T
    with np.errstate(divide="ignore", invalid="ignore"):
        variance_x, variance_y = xx - x * x / n, yy - y * y / n
        value = (xy - x * y / n) / np.sqrt(variance_x * variance_y)
    varies = (variance_x > 1e-12 * xx) & (variance_y > 1e-12 * yy)
    return np.where(varies, value, 0.0)


def _mean_over_present(values: list[np.ndarray], sizes: list[np.ndarray]) -> np.ndarray:
    """Mean over folds, in each draw over those that any of its drugs lies in."""
    present = np.array(sizes) > 0
    return (np.array(values) * present).sum(axis=0) / present.sum(axis=0)


def _sum_by(group: np.ndarray, rows: np.ndarray, groups: int) -> np.ndarray:
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, group, rows)
    return sums


def _auc(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Area under the ROC curve from counts per score, one curve per row; ties count half."""
    below = np.cumsum(negative, axis=1) - negative
    won = (positive * (below + negative / 2)).sum(axis=1)
    return won / (positive.sum(axis=1) * negative.sum(axis=1))


def _share_at_or_above(counts: np.ndarray) -> np.ndarray:
    from_top = np.cumsum(counts[::-1])
    return np.concatenate([[0.0], from_top / from_top[-1]])
