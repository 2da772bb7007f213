"""The metrics: a card for each, with what it means and how it is computed.

To add a metric, add its card to `METRICS`: it is then scored for every method, compared between
methods, and named in tables and figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from lacuna.evaluation.deg import deg_histograms, signed_deg_histograms
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.profile_scores import retrieval
from lacuna.evaluation.references import HERE, HODOS, SPEARMAN_BROWN
from lacuna.evaluation.scorer import EVERY, Scorer


@dataclass(frozen=True)
class Metric:
    """What is true of a metric.

    Attributes
    ----------
    name
        As tables of numbers call it.
    label
        As figures and pages call it.
    summary
        What it measures, in one sentence.
    source
        Who proposed it, with DOI.
    better
        Which values are better. Methods are compared by metrics that say higher or lower.
    chance
        What a prediction scores that knows nothing of the profile; None if the data decide.
    score
        Takes a `Scorer`; returns the score on the data and on each draw of drugs, shape
        (1 + draws,), or None where the metric does not apply.
    """

    name: str
    label: str
    summary: str
    source: str
    better: Literal["higher", "lower", "near 1"]
    chance: float | None
    score: Callable[[Scorer], np.ndarray | None]

    def __post_init__(self) -> None:
        if not (self.name and self.label and self.summary):
            raise ValueError(f"metric {self.name!r} needs a name, a label and a summary")


def metric_label(name: str) -> str:
    """Return the label of a metric; one of tables of another version is shown as it is called."""
    return METRICS[name].label if name in METRICS else name


def score_draws(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Score a method on everything it predicted, and on draws of drugs with replacement.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    rng
        Draws the drugs. With streams seeded alike, the draws of two methods are paired.

    Returns
    -------
    DataFrame, one row per draw, of which the first is the data as they are
        A column for each of `METRICS` that applies, in their order.
    """
    scorer = Scorer(held_out, rng)
    scores = {name: metric.score(scorer) for name, metric in METRICS.items()}
    return pd.DataFrame({name: draws for name, draws in scores.items() if draws is not None})


def _pct(scorer: Scorer) -> np.ndarray:
    return scorer.pooled_correlation(scorer.truth, scorer.unit)


def _pct_raw(scorer: Scorer) -> np.ndarray:
    return scorer.pooled_correlation(scorer.held_out.truth, scorer.held_out.predicted)


def _pct_fold(scorer: Scorer) -> np.ndarray:
    return scorer.correlation_over_folds(scorer.truth, scorer.unit)


def _pct_specific(scorer: Scorer) -> np.ndarray:
    return scorer.partial_correlation(scorer.held_out.cell_mean, rows=EVERY)


def _pct_beyond_drug(scorer: Scorer) -> np.ndarray | None:
    rows = scorer.held_out.inputs > 0
    return scorer.partial_correlation(scorer.held_out.drug_mean, rows=rows) if rows.any() else None


def _pct_interaction(scorer: Scorer) -> np.ndarray | None:
    held_out, rows = scorer.held_out, scorer.held_out.inputs > 0
    if not rows.any():
        return None
    return scorer.partial_correlation(held_out.cell_mean, held_out.drug_mean, rows=rows)


def _pct_interaction_tested(scorer: Scorer) -> np.ndarray | None:
    held_out, rows = scorer.held_out, scorer.held_out.inputs > 0
    if not rows.any():
        return None
    return scorer.tested_correlation(held_out.cell_mean, held_out.drug_mean, rows=rows)


def _profile_pearson(scorer: Scorer) -> np.ndarray:
    return scorer.mean(scorer.pearson)


def _retrieval(scorer: Scorer) -> np.ndarray:
    return scorer.mean(retrieval(scorer.held_out))


def _variance_ratio(scorer: Scorer) -> np.ndarray:
    predicted, measured = (
        ((rows - scorer.held_out.cell_mean) ** 2).sum(axis=1)
        for rows in (scorer.held_out.predicted, scorer.held_out.truth)
    )
    return scorer.ratio(predicted, measured)


def _some_with_input(scorer: Scorer) -> np.ndarray | None:
    """Return which profiles' drugs were shown in another cell; None if that is all or none."""
    with_input = scorer.held_out.inputs > 0
    return with_input if 0 < with_input.mean() < 1 else None


def _pct_with_input(scorer: Scorer) -> np.ndarray | None:
    rows = _some_with_input(scorer)
    if rows is None:
        return None
    return scorer.pooled_correlation(scorer.truth, scorer.unit, rows)


def _profile_pearson_with_input(scorer: Scorer) -> np.ndarray | None:
    rows = _some_with_input(scorer)
    return None if rows is None else scorer.mean(np.where(rows, scorer.pearson, np.nan))


def _pct_of_ceiling(scorer: Scorer) -> np.ndarray | None:
    ceiling = scorer.held_out.ceiling
    if ceiling is None or not np.isfinite(ceiling).any():
        return None
    rows = np.isfinite(ceiling)
    pct = scorer.pooled_correlation(scorer.truth, scorer.unit, rows)
    return pct / scorer.mean(ceiling)


def _deg_auc(scorer: Scorer, *, percent: int, signed: bool) -> np.ndarray:
    histograms = signed_deg_histograms if signed else deg_histograms
    truth = scorer.held_out.truth
    return scorer.area_under_roc(
        *histograms(truth, scorer.unit, percent, scorer.drug, scorer.drugs)
    )


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="pct",
            label="PCT",
            summary="Pearson correlation over all entries pooled, profiles of unit length",
            source=HODOS,
            better="higher",
            chance=0,
            score=_pct,
        ),
        Metric(
            name="pct_raw",
            label="PCT, as predicted",
            summary="PCT at the length that profiles have and that the method gave its predictions",
            source=HODOS,
            better="higher",
            chance=0,
            score=_pct_raw,
        ),
        Metric(
            name="pct_fold",
            label="PCT, mean over folds",
            summary="Mean over folds of the PCT of the fold",
            source=HODOS,
            better="higher",
            chance=0,
            score=_pct_fold,
        ),
        Metric(
            name="pct_specific",
            label="PCT, cell mean removed",
            summary="PCT of what a regression of each profile on the mean of its cell's training "
            "profiles leaves of truth and prediction: 0 for zeros and any multiple of that mean",
            source=HERE,
            better="higher",
            chance=0,
            score=_pct_specific,
        ),
        Metric(
            name="pct_beyond_drug",
            label="PCT, drug mean removed",
            summary="The same with the mean of the drug's profiles that the method was shown, on "
            "the profiles whose drug was shown: 0 for zeros and any multiple of that mean",
            source=HERE,
            better="higher",
            chance=0,
            score=_pct_beyond_drug,
        ),
        Metric(
            name="pct_interaction",
            label="PCT, cell and drug means removed",
            summary="The same with both means, on the profiles whose drug was shown: 0 for zeros "
            "and any mixture of the two",
            source=HERE,
            better="higher",
            chance=0,
            score=_pct_interaction,
        ),
        Metric(
            name="pct_tested",
            label="PCT, tested entries",
            summary="PCT of the entries whose measured value is not exactly 0, predictions of unit "
            "length over these; where 1 % or more of all are 0, as genes that were not tested are",
            source=HERE,
            better="higher",
            chance=0,
            score=Scorer.tested_correlation,
        ),
        Metric(
            name="pct_interaction_tested",
            label="PCT, tested entries, cell and drug means removed",
            summary="The same with both means removed by regressions over the tested entries, on "
            "the profiles whose drug was shown",
            source=HERE,
            better="higher",
            chance=0,
            score=_pct_interaction_tested,
        ),
        Metric(
            name="profile_pearson",
            label="Pearson r per profile",
            summary="Mean over profiles of the correlation over genes",
            source=HERE,
            better="higher",
            chance=0,
            score=_profile_pearson,
        ),
        Metric(
            name="retrieval",
            label="retrieval within the cell",
            summary="Mean share of the cell's other held-out profiles that correlate less with the "
            "prediction than the right one does",
            source=HERE,
            better="higher",
            chance=0.5,
            score=_retrieval,
        ),
        Metric(
            name="variance_ratio",
            label="variance, predicted / measured",
            summary="Squared distance of the predictions from the cell's training mean, over that "
            "of the truth: small where predictions collapse to the mean",
            source=HERE,
            better="near 1",
            chance=None,
            score=_variance_ratio,
        ),
        Metric(
            name="pct_with_input",
            label="PCT, profiles with an input",
            summary="PCT of the profiles whose drug the method was shown in another cell, where "
            "these are some and not all",
            source=HERE,
            better="higher",
            chance=0,
            score=_pct_with_input,
        ),
        Metric(
            name="profile_pearson_with_input",
            label="Pearson r per profile, those with an input",
            summary="Pearson r per profile of those whose drug the method was shown in another "
            "cell, where these are some and not all",
            source=HERE,
            better="higher",
            chance=0,
            score=_profile_pearson_with_input,
        ),
        Metric(
            name="pct_of_ceiling",
            label="PCT, share of the noise ceiling",
            summary="PCT over the mean correlation that a perfect prediction would have, given how "
            "well replicates agree in all experiments, also those dropped for it; on replicated "
            "profiles. What replicates share scores 1; the measured profile itself, which holds "
            "its own noise, scores more",
            source=SPEARMAN_BROWN,
            better="higher",
            chance=0,
            score=_pct_of_ceiling,
        ),
        Metric(
            name="deg_auc_1",
            label="DEG AUC, top 1 %",
            summary="Area under the pooled ROC curve of finding the 1 % of genes that change most",
            source=HODOS,
            better="higher",
            chance=0.5,
            score=partial(_deg_auc, percent=1, signed=False),
        ),
        Metric(
            name="deg_auc_signed_1",
            label="signed DEG AUC, top 1 %",
            summary="Area under the pooled ROC curve of finding the 1 % of genes that rise most, "
            "and the 1 % that fall most",
            source=HERE,
            better="higher",
            chance=0.5,
            score=partial(_deg_auc, percent=1, signed=True),
        ),
        Metric(
            name="deg_auc_10",
            label="DEG AUC, top 10 %",
            summary="Area under the pooled ROC curve of finding the 10 % of genes that change most",
            source=HODOS,
            better="higher",
            chance=0.5,
            score=partial(_deg_auc, percent=10, signed=False),
        ),
        Metric(
            name="deg_auc_signed_10",
            label="signed DEG AUC, top 10 %",
            summary="Area under the pooled ROC curve of finding the 10 % of genes that rise most, "
            "and the 10 % that fall most",
            source=HERE,
            better="higher",
            chance=0.5,
            score=partial(_deg_auc, percent=10, signed=True),
        ),
    )
}
