"""The metrics of predicted conditions: a card for each, and what it scores where nothing is known.

Of two profiles most genes are alike whatever the drug does, so that a metric of profiles is good
where nothing is predicted: the cards say which (`flatters`).

Measured and predicted changes are taken from different untreated cells (see `Compared`), so that
knowing these correlates with nothing. Knowing what drugs do on average does; `specific_pearson` is
free of that, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lacuna.single_cell import definitions as by
from lacuna.single_cell.definitions import Compared

PAPER = "Hetzel et al. 2022, https://doi.org/10.48550/arXiv.2204.13545"
HERE = "defined here"
ALL, DEG, DEG_POOLED = "all", "deg", "deg_pooled"  # all genes; lists per dose, and over doses
GENES = (ALL, DEG, DEG_POOLED)
FEWEST_GENES = 2  # of a list that is judged apart


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
        Which values are better.
    nothing
        What it scores where no change is predicted.
    flatters
        Whether that is a good score: what such a metric says of a drug is little.
    cells_only
        Whether signatures have none: they vary by drug alone, and their change is what is beyond
        the line mean.
    value
        Takes `Compared`; returns a value per row, NaN where there is none. None of those that need
        lists of genes or the other drugs: see `lacuna.single_cell.found`.
    chance
        What knowing nothing of the drug scores. None where data decide.
    """

    name: str
    label: str
    summary: str
    better: Literal["higher", "lower", "near 0.95"]
    nothing: str
    source: str = HERE
    flatters: bool = False
    cells_only: bool = False
    value: Callable[[Compared], np.ndarray] | None = None
    chance: float | None = None


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="r2_mean",
            cells_only=True,
            label="r²",
            summary="Coefficient of determination over genes of the predicted mean profile, not "
            "clipped: the paper's, which is clipped at 0",
            source=PAPER,
            better="higher",
            nothing="high: most genes stay as they are",
            flatters=True,
            value=by.r2_of_means,
        ),
        Metric(
            name="r2_clipped",
            cells_only=True,
            label="r², clipped at 0",
            summary="The coefficient of determination, every value below 0 taken as 0: as the "
            "paper's tables, a mean over conditions and not over drugs",
            source=PAPER,
            better="higher",
            nothing="high: most genes stay as they are",
            flatters=True,
        ),
        Metric(
            name="pearson",
            label="r",
            summary="Correlation over genes of the predicted mean profile",
            better="higher",
            nothing="high: most genes stay as they are",
            flatters=True,
            value=by.pearson,
        ),
        Metric(
            name="mse",
            label="mean square error",
            summary="Mean over genes of the squared error of the predicted mean profile",
            better="lower",
            nothing="the mean square of the change",
            flatters=True,
            value=by.mse,
        ),
        Metric(
            name="r2_variance",
            cells_only=True,
            label="r² of variances",
            summary="Coefficient of determination over genes of the predicted variance of cells, "
            "not clipped",
            source=PAPER,
            better="higher",
            nothing="high: genes vary as they do untreated",
            flatters=True,
            value=by.r2_variance,
        ),
        Metric(
            name="coverage",
            cells_only=True,
            label="coverage of cells",
            summary="Share of the measured cells within the predicted mean ± 1.96 standard "
            "deviations, a mean over genes, taking both sides as normal",
            better="near 0.95",
            nothing="near 0.95: cells vary more than drugs do",
            flatters=True,
            value=by.coverage,
        ),
        Metric(
            name="change_r2",
            label="r² of the change",
            summary="Share of the squared change that is predicted, 1 - |d - d'|² / |d|²",
            better="higher",
            nothing="0",
            value=by.change_r2,
            chance=0.0,
        ),
        Metric(
            name="change_pearson",
            cells_only=True,
            label="r of the change",
            summary="Correlation over genes of the predicted and the measured change",
            better="higher",
            nothing="0",
            value=by.change_pearson,
            chance=0.0,
        ),
        Metric(
            name="change_cosine",
            label="cosine of the change",
            summary="Cosine of the predicted and the measured change",
            better="higher",
            nothing="0",
            value=by.change_cosine,
            chance=0.0,
        ),
        Metric(
            name="change_sign",
            label="signs of the change",
            summary="Share of the genes that change, by more than 1e-5, whose direction is "
            "predicted; a predicted change of at most that counts as half right",
            source="after the authors' later code, https://github.com/theislab/chemCPA",
            better="higher",
            nothing="0.5",
            value=by.change_sign,
            chance=0.5,
        ),
        Metric(
            name="specific_pearson",
            label="r beyond the line mean",
            summary="Correlation over genes of measured and predicted profiles, each less its mean "
            "over the drugs judged in the line at the dose, when both are regressed on the mean "
            "change of the training drugs there; a drug judged alone has none",
            better="higher",
            nothing="0; and so does any multiple of the line mean",
            value=by.specific,
            chance=0.0,
        ),
        Metric(
            name="overlap",
            label="overlap of changed genes",
            summary="Share of the genes that change most which are among as many that are "
            "predicted to; of equal ones, as chance has it",
            better="higher",
            nothing="the number of listed genes over that of all",
        ),
        Metric(
            name="reciprocal_rank",
            label="mean reciprocal rank",
            summary="1 / rank of the right drug, by the correlation of the predicted change with "
            "the measured ones of all test drugs of the fold in the line at the dose; of equal "
            "ones, the mean over their orders",
            source="Manning, Raghavan and Schütze 2008, https://doi.org/10.1017/CBO9780511809071",
            better="higher",
            nothing="(1 + 1/2 + ... + 1/m) / m among m drugs",
        ),
        Metric(
            name="rank_share",
            label="rank / drugs",
            summary="Rank of the right drug over the number of drugs, as above",
            better="lower",
            nothing="(m + 1) / 2m among m drugs",
        ),
        Metric(
            name="e_distance",
            label="energy distance",
            summary="Energy distance between predicted and measured cells",
            source="Székely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018",
            better="lower",
            nothing="what untreated cells are off",
            flatters=True,
        ),
        Metric(
            name="mmd",
            label="squared MMD",
            summary="Squared maximum mean discrepancy between predicted and measured cells",
            source="Gretton et al. 2012, J Mach Learn Res 13:723",
            better="lower",
            nothing="what untreated cells are off",
            flatters=True,
        ),
    )
}


def metric_label(name: str) -> str:
    """Return the label of a metric; one of tables of another version is shown as it is called."""
    return METRICS[name].label if name in METRICS else name
