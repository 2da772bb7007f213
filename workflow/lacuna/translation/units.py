"""Step 2 by the unit of its samples: counts alone, TPM alone, and both."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lacuna.io.h5ad import read_written
from lacuna.runtime.seeds import generator
from lacuna.translation.assess import MEAN, Paired
from lacuna.translation.chain import fit_step, leave_studies_out
from lacuna.translation.jobs import WORDS, describe_left_out, read_genome_training
from lacuna.translation.judge import (
    compare_rows,
    identify,
    share_with_interval,
    with_intervals,
)

STEP = "ridge"
ALL_UNITS = "all"
LEFT_OUT, PAIRS = "studies left out", "pairs"


def compare_units(
    l1000: str, rnaseq: str, units: Mapping[str, str], paired: Paired | None, seed: int
) -> pd.DataFrame:
    """Train ridge regressions on the samples of each unit, and judge them from true landmarks.

    Parameters
    ----------
    l1000, rnaseq
        As `prepare` wrote them.
    units
        The unit of each source, by its name.
    paired
        Samples measured both ways, if there are any: their RNA-seq landmarks are given.
    seed
        Of the run.

    Returns
    -------
    DataFrame with columns unit, samples, judged_on, step, metric, value, low, high
        judged_on: "studies left out" of the same unit, or "pairs"; step: ridge or mean_profile.
    """
    training = read_genome_training(l1000, rnaseq)
    obs = read_written(rnaseq).obs
    unit = obs["source"].astype(str).map(units).to_numpy()
    tables = []
    for name in [*sorted(set(units.values())), ALL_UNITS]:
        rows = np.flatnonzero((unit == name) | (name == ALL_UNITS))
        if not len(rows):
            continue
        part = training.of(rows)
        left = leave_studies_out(STEP, part, generator(seed, WORDS, "units", name))
        scores = [describe_left_out(STEP, left, obs.iloc[rows], seed).assign(judged_on=LEFT_OUT)]
        if paired is not None:
            fitted = fit_step("genome", STEP, part, generator(seed, WORDS, "units", name, "all"))
            true = paired.real[:, paired.landmarks_at]
            mean = np.broadcast_to(np.asarray(part.genome).mean(axis=0), paired.real.shape)
            for step, made in ((STEP, fitted.predict(true)), (MEAN, mean)):
                scores.append(_score(made, paired, seed).assign(step=step, judged_on=PAIRS))
        tables.append(pd.concat(scores).assign(unit=name, samples=len(rows)))
    columns = ["unit", "samples", "judged_on", "step", "metric", "value", "low", "high"]
    return pd.concat(tables, ignore_index=True)[columns]


def _score(predicted: np.ndarray, paired: Paired, seed: int) -> pd.DataFrame:
    scores = compare_rows(predicted, paired.real)
    found = identify(predicted, paired.real).rank == 1
    rng = np.random.default_rng(seed)
    return pd.concat(
        [with_intervals(scores, paired.group, rng), share_with_interval(found, paired.group)]
    )
