"""Training and testing the settings of an analysis, and what their scores say.

The analyses themselves stand in `lacuna.cell_to_cell.analyses`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.analyses import ANALYSES, BEST, Methods, Variation
from lacuna.cell_to_cell.study import Study, inputs_of
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.correlation import profile_pearson

SCORES = ["setting", "drug", "cell", "inputs", "pearson", "copy"]
SUMMARY = [
    "analysis",
    "setting",
    "profiles",
    "drugs",
    "value",
    "low",
    "high",
    "copy",
    "copy_low",
    "copy_high",
    "gain",
    "gain_low",
    "gain_high",
    "reference",
    "reference_value",
    "difference",
    "difference_low",
    "difference_high",
]


def design(
    analysis: str,
    study: Study,
    methods: Methods,
    mechanisms: pd.Series,
    rng: np.random.Generator,
) -> list[Variation]:
    """Return the settings of an analysis, in the order in which they are shown.

    Parameters
    ----------
    analysis
        One of `ANALYSES` that varies something.
    study
        The profiles and their division.
    methods
        All to compare, or the one to vary, by name.
    mechanisms
        Mechanisms of action by the drug's name, several separated by "|"; for `families`.
    rng
        Draws what is left out of training.

    Raises
    ------
    ValueError
        If there is no such analysis.
    """
    card = ANALYSES.get(analysis)
    if card is None or card.settings is None:
        raise ValueError(f"no analysis {analysis!r} varies a setting")
    return card.settings(study, methods, mechanisms, rng)


def score(
    variations: Sequence[Variation],
    side: SideInformation,
    stream: Callable[[], np.random.Generator],
    work: Path,
) -> pd.DataFrame:
    """Train and test every setting, beside the copy: the mean of the profiles that are given.

    Parameters
    ----------
    variations
        As `design` returns them.
    side
        What methods may use besides.
    stream
        Returns the random stream of a training, the same one each time: settings should differ in
        nothing else.
    work
        A folder for checkpoints.

    Returns
    -------
    DataFrame with columns setting, drug, cell, inputs, pearson, copy
        One row per test profile: how many profiles it is predicted from, and the correlation over
        genes of the prediction, and of the copy, with it.
    """
    tables = [pd.DataFrame(columns=SCORES)]
    for number, variation in enumerate(variations):
        test = variation.test
        print(
            f"{variation.setting}: {variation.method}, trained on "
            f"{len(variation.training)} profiles, tested on {len(test)}"
        )
        predict = partial(
            run_method,
            observed=variation.training,
            wanted=test.pairs,
            side=side,
            elsewhere=variation.given,
        )
        predicted = predict(
            variation.method, rng=stream(), options=variation.options, work=work / str(number)
        ).profiles
        copied = predict("mean_1d", rng=stream(), options={}).profiles
        table = pd.DataFrame(
            {
                "setting": variation.setting,
                "drug": test.drugs[test.drug],
                "cell": test.cells[test.cell],
                "inputs": inputs_of(test, variation.given),
                "pearson": profile_pearson(test.profiles, predicted),
                "copy": profile_pearson(test.profiles, copied),
            }
        )
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def summarise(analysis: str, scores: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the mean scores of each setting of an analysis, with 95 % intervals over drugs.

    Parameters
    ----------
    analysis
        Its name.
    scores
        As `score` returns them.
    rng
        Draws the drugs of the bootstrap; alike for all analyses, so that a training that they share
        has the same interval in each.

    Returns
    -------
    DataFrame, one row per setting
        analysis, setting, profiles, drugs; value, the mean correlation; copy, that of the copy;
        gain, value less copy; reference, what the setting is compared with, and
        reference_value, that one's mean on the setting's profiles; difference, value less
        reference_value. Of value, copy, gain and difference also low and high, the paired
        bootstrap interval, NaN where the setting has too few drugs.
    """
    if scores.empty:
        return pd.DataFrame(columns=SUMMARY)
    by_profile = scores.pivot_table(["pearson", "copy"], ["drug", "cell"], "setting")
    settings = list(scores["setting"].unique())
    pearson, copy = (pd.DataFrame(by_profile[name])[settings] for name in ("pearson", "copy"))
    reference = ANALYSES[analysis].reference or None
    if reference == BEST:
        reference = str(pearson.mean().idxmax())
    means = {
        "value": pearson,
        "copy": copy,
        "gain": pearson - copy,
        "difference": pearson.sub(pearson.get(reference, np.nan), axis=0),
    }
    drug = pearson.index.get_level_values("drug").to_numpy()
    table = pd.DataFrame(
        {
            "analysis": analysis,
            "setting": settings,
            "profiles": pearson.count().to_numpy(),
            "drugs": pearson.notna().groupby(drug).any().sum().to_numpy(),
            "reference": reference,
        }
    )
    # All in one draw of drugs: equal scores have equal intervals.
    together = pd.concat(means.values(), axis=1, ignore_index=True)
    summary = intervals(bootstrap_means(together, drug, rng))[["value", "low", "high"]].to_numpy()
    for name, rows in zip(means, np.split(summary, len(means)), strict=True):
        ends = ["low", "high"] if name == "value" else [f"{name}_low", f"{name}_high"]
        table[[name, *ends]] = rows
    table["reference_value"] = table["value"] - table["difference"]
    return table[SUMMARY]
