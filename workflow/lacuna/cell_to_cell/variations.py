"""What the scores of all trainings say of the settings of an analysis.

The analyses themselves stand in `lacuna.cell_to_cell.analyses`.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from lacuna.cell_to_cell.analyses import ANALYSES, BEST, SCORES
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.io.tsv import read_table

ALL_TARGETS = "all"  # in the column `into`: the mean over all cells that are predicted
OF_SETTING = ["setting", "reference", "training", "repeat", *SCORES[2:]]
SUMMARY = [
    "analysis",
    "setting",
    "into",
    "given",
    "training",
    "repeats",
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
    "reference_training",
    "reference_value",
    "difference",
    "difference_low",
    "difference_high",
]


def read_scores(files: Mapping[str, str]) -> dict[tuple[str, int], pd.DataFrame]:
    """Read the tables of scores, by training and repeat.

    Parameters
    ----------
    files
        By name: the training, _, and the number of its repeat.
    """
    found = {}
    for name, path in files.items():
        training, _, repeat = name.rpartition("_")
        found[training, int(repeat)] = read_table(path)
    return found


def gather(
    analysis: str,
    settings: Sequence[Mapping[str, str]],
    scores: Mapping[tuple[str, int], pd.DataFrame],
) -> pd.DataFrame:
    """Return the scores of the settings of an analysis, in the order in which they are shown.

    Parameters
    ----------
    analysis
        Its name.
    settings
        name, training and asked of those of the analysis, see `Setting`; several of one name are
        parts of one setting, as folds are.
    scores
        What `lacuna.cell_to_cell.questions.ask` returned, by the training's name and repeat.

    Returns
    -------
    DataFrame with columns setting, reference, training, repeat, drug, pert_type, cell, given,
    inputs, pearson, copy
        Empty where the data allow no setting beside the one that others are compared with.
    """
    reference = ANALYSES[analysis].reference
    names = [setting["name"] for setting in settings]
    tables = [pd.DataFrame(columns=OF_SETTING)]
    for setting in settings:
        name = setting["name"]
        is_part = names.count(name) > 1 and "{" not in name
        for (training, repeat), table in scores.items():
            if training != setting["training"]:
                continue
            rows = table[table["asked"] == setting["asked"]].fillna({"label": "", "given": ""})
            told = [
                {"label": str(label), "pert_type": str(pert_type)}
                for label, pert_type in zip(rows["label"], rows["pert_type"], strict=True)
            ]
            rows = rows.assign(
                setting=[name.format(**each) for each in told],
                reference=[reference.format(**each) for each in told],
                training=analysis if is_part else training,
                repeat=repeat,
            )
            tables.append(rows[OF_SETTING])
    found = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    if reference not in ("", BEST) and (found["setting"] == found["reference"]).all():
        return found[:0]
    return found


def summarise(
    analysis: str, scores: pd.DataFrame, stream: Callable[[], np.random.Generator]
) -> pd.DataFrame:
    """Return the mean scores of each setting of an analysis, with 95 % intervals.

    Intervals are over test drugs and, where a training was repeated, over its repeats. With R
    repeats, and each score the mean of them, a draw of the bootstrap is

        mean over drugs drawn with replacement  +  t s / sqrt(R)

    where s is the standard deviation of the R means over all drugs, each of one repeat, and t is
    from Student's distribution with R - 1 degrees of freedom, drawn independently. So the first
    term has the chance of the drugs and the second that of the trainings. Repeats themselves are
    not drawn with replacement: no draw of three can leave their range, which misses their true mean
    every fourth time. A difference from another setting, or from the copy, is taken within each
    repeat before all this: repeats are paired. With one repeat there is no s: the interval is over
    drugs alone, and says nothing of another start of the training.

    Parameters
    ----------
    analysis
        Its name.
    scores
        As `gather` returns them.
    stream
        Returns the random stream that the bootstrap draws from, the same one each time: what two
        settings or analyses share has the same interval in both.

    Returns
    -------
    DataFrame, one row per setting, and one more for each cell that is predicted
        analysis, setting; into, the cell, or `ALL_TARGETS`; given, the cell that all inputs are
        from, empty where these are several; training, repeats, profiles, drugs; value, the mean
        correlation; copy, that of the copy; gain, value less copy; reference, what the setting is
        compared with, and reference_training; reference_value, that one's mean on the setting's
        profiles; difference, value less reference_value. Of value, copy, gain and difference also
        low and high, NaN where the setting has too few drugs.
    """
    if scores.empty:
        return pd.DataFrame(columns=SUMMARY)
    if ANALYSES[analysis].reference == BEST:
        means = scores.groupby("setting", sort=False)["pearson"].mean()
        scores = scores.assign(reference=means.idxmax())
    cells = scores["cell"].unique()
    parts = {ALL_TARGETS: scores}
    if len(cells) > 1:
        parts |= {cell: scores[scores["cell"] == cell] for cell in cells}
    tables = [_summarise(rows, stream()).assign(into=into) for into, rows in parts.items()]
    settings = list(scores["setting"].unique())
    table = pd.concat(tables, ignore_index=True).assign(analysis=analysis)
    order = table["setting"].map(settings.index).sort_values(kind="stable").index
    return table.loc[order, SUMMARY].reset_index(drop=True)


def _summarise(scores: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    by_setting = scores.groupby("setting", sort=False)
    settings = [str(setting) for setting in by_setting.groups]
    reference = by_setting["reference"].first().reindex(settings)
    reference = reference.where(reference != "")
    by_profile = scores.pivot_table(["pearson", "copy"], ["drug", "cell"], ["setting", "repeat"])
    # Columns: setting, repeat.
    pearson, copy = (
        pd.DataFrame(by_profile[name]).reindex(columns=settings, level=0)
        for name in ("pearson", "copy")
    )
    compared = zip(settings, reference, strict=True)
    of_reference = pd.concat(
        {name: pearson.get(other, pearson[name] * np.nan) for name, other in compared}, axis=1
    )
    measured = {
        "value": pearson,
        "copy": copy,
        "gain": pearson - copy,
        "difference": pearson - of_reference.reindex(columns=pearson.columns),
    }
    together = pd.concat(measured, axis=1)  # measure, setting, repeat
    columns = pd.MultiIndex.from_product([list(measured), settings])
    drug = pearson.index.get_level_values("drug").to_numpy()
    means = together.T.groupby(level=[0, 1]).mean().T[columns]
    # All in one draw of drugs: equal scores have equal intervals.
    draws = bootstrap_means(means.set_axis(range(len(columns)), axis=1), drug, rng)
    of_repeats = together.mean().groupby(level=[0, 1])
    repeats = int(pearson.columns.get_level_values("repeat").nunique())
    if repeats > 1:
        spread = of_repeats.std().reindex(columns).fillna(0).to_numpy() / np.sqrt(repeats)
        draws.iloc[1:] += np.outer(_student(len(draws) - 1, repeats - 1, rng), spread)
    summary = intervals(draws)[["value", "low", "high"]].to_numpy()
    trainings = by_setting["training"].first()
    given = by_setting["given"].agg(_only)
    table = pd.DataFrame(
        {
            "setting": settings,
            "given": given.to_numpy(),
            "training": trainings.to_numpy(),
            "repeats": repeats,
            "profiles": means["value"].count().to_numpy(),
            "drugs": means["value"].notna().groupby(drug).any().sum().to_numpy(),
            "reference": reference.to_numpy(),
            "reference_training": reference.map(trainings).to_numpy(),
        }
    )
    for name, rows in zip(measured, np.split(summary, len(measured)), strict=True):
        ends = ["low", "high"] if name == "value" else [f"{name}_low", f"{name}_high"]
        table[[name, *ends]] = rows
    table["reference_value"] = table["value"] - table["difference"]
    return table


def _only(names: pd.Series) -> str:
    """Return the one name that there is; nothing where there are several."""
    return str(names.iloc[0]) if (names == names.iloc[0]).all() else ""


def _student(draws: int, freedom: int, rng: np.random.Generator) -> np.ndarray:
    """Return evenly spaced quantiles of Student's distribution, in a random order."""
    return rng.permutation(stats.t.ppf((np.arange(draws) + 0.5) / draws, freedom))
