"""What can be expected of a prediction: what the model's predictions of held-out drugs reached.

A drug counts once: the mean over its lines, doses and repeats. Beside it stand the mean change of
the training drugs in the line, and chance, of the same drugs: a model that is no better says
nothing of the structure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from lacuna.single_cell.interface import Kind
from lacuna.single_cell.judge import CHANCE
from lacuna.single_cell.metrics import ALL

SPECIFIC, CHANGE = "specific_pearson", "change_pearson"
OF_DRUGS = ("drugs", "scaffold", "named")  # splits that hold out drugs
LINE_MEAN = "line_mean"
RIVALS = (LINE_MEAN, CHANCE)
IN_WORDS = {LINE_MEAN: "the mean of training drugs", CHANCE: "chance"}
FEWEST_DRUGS = 10  # of a range of similarity: quartiles of fewer say little
MOST_RANGES = 3
NOTCH = 1.57  # quartile distances over the root of n: 95 % interval of a median, to either side
REACHED = ["low", "high", "drugs", "lower_quartile", "median", "upper_quartile", *RIVALS]
NOTHING = pd.DataFrame(columns=REACHED, dtype=float)


@dataclass(frozen=True)
class Expected:
    """What held-out drugs reached.

    Attributes
    ----------
    metric : str
        Of `lacuna.single_cell.metrics`, on all genes.
    split : str
        What was held out: `OF_DRUGS`, lines, or random (observations).
    reached : DataFrame with columns `REACHED`
        The first row is of all drugs; those below, if any, of the drugs whose similarity to the
        nearest training drug is from low to high. Empty where nothing was judged.
    """

    metric: str
    split: str
    reached: pd.DataFrame

    def of(self, similarity: float) -> "pd.Series[float] | None":
        """Return what drugs reached that are so similar to a training drug; None if unknown."""
        if self.reached.empty:
            return None
        ranges = self.reached.iloc[1:]
        if ranges.empty:
            return self.reached.iloc[0]
        return ranges.iloc[int((similarity >= ranges["low"].to_numpy()[1:]).sum())]

    def doubts(self) -> list[str]:
        """Return what speaks against predictions, in words: no better than no structure.

        The median has an interval, as the notches of a box plot (McGill, Tukey and Larsen 1978,
        https://doi.org/10.1080/00031305.1978.10479236).
        """
        if self.reached.empty:
            return []
        row = self.reached.iloc[0]
        spread = row["upper_quartile"] - row["lower_quartile"]
        lowest = row["median"] - NOTCH * spread / np.sqrt(row["drugs"])
        better = [IN_WORDS[name] for name in RIVALS if row[name] >= lowest]
        if not better:
            return []
        return [
            f"Held-out drugs reached {self.metric} {row['median']:.2f} (median), not surely more "
            f"than {' and '.join(better)}: what is predicted says little of the structure."
        ]

    def in_words(self) -> str:
        """Return it as a sentence."""
        if self.reached.empty:
            return "No held-out drug was judged: nothing says how good predictions are."
        row = self.reached.iloc[0]
        said = (
            f"{row['drugs']:.0f} drugs of the test (split: {self.split}) reached "
            f"{self.metric} {row['median']:.2f} (median; quartiles {row['lower_quartile']:.2f} to "
            f"{row['upper_quartile']:.2f})"
        )
        beside = [f"{IN_WORDS[name]} {row[name]:.2f}" for name in RIVALS if np.isfinite(row[name])]
        return f"{said}; {', '.join(beside)}." if beside else f"{said}."


def metric_of(kind: Kind, split: str) -> str:
    """Return what expectations are told by: where drugs are held out, what is the drug's own."""
    return SPECIFIC if kind == "signatures" or split in OF_DRUGS else CHANGE


def expect(
    scores: pd.DataFrame,
    run: Mapping[str, str],
    metric: str,
    similarity: "pd.Series[float] | None" = None,
) -> Expected:
    """Learn from the scores of all folds.

    Parameters
    ----------
    scores
        See `lacuna.single_cell.averages.read_scores`.
    run
        target, model, start, fold: whose scores count, of all folds of the same split, and of all
        seeds.
    metric
        See `metric_of`.
    similarity : Series
        Of each held-out drug to the nearest drug that its fold trained on, by fold and drug. None
        where drugs were not held out.
    """
    split = run["fold"].rpartition("_")[0]
    own = scores[
        (scores["target"] == run["target"])
        & (scores["split"] == split)
        & (scores["genes"] == ALL)
        & (scores["metric"] == metric)
    ]

    def by_drug(method: str, start: str) -> "pd.Series[float]":
        rows = own[(own["method"] == method) & (own["start"] == start)]
        return rows.groupby(["fold", "drug"])["value"].mean()

    of_model = by_drug(run["model"], run["start"]).rename("value").to_frame()
    table = of_model.assign(**{name: by_drug(name, "") for name in RIVALS})
    if table.empty:
        return Expected(metric, split, NOTHING)
    rows = [_row(table, 0.0, 1.0)]
    if similarity is not None:
        near = similarity.reindex(table.index).to_numpy(float)
        rows += [_row(table[_within(near, low, high)], low, high) for low, high in _ranges(near)]
    return Expected(metric, split, pd.DataFrame(rows, columns=REACHED))


def _ranges(near: np.ndarray) -> list[tuple[float, float]]:
    """Cut similarities into ranges of as many drugs each; none where these would be too few."""
    if not np.isfinite(near).all():
        return []
    for count in range(min(MOST_RANGES, len(near) // FEWEST_DRUGS), 1, -1):
        edges = np.unique(np.quantile(near, np.linspace(0, 1, count + 1))[1:-1])
        cuts = [0.0, *(float(edge) for edge in edges if 0 < edge < 1), 1.0]
        found = list(pairwise(cuts))
        if len(found) > 1 and min(_within(near, *ends).sum() for ends in found) >= FEWEST_DRUGS:
            return found
    return []


def _within(near: np.ndarray, low: float, high: float) -> np.ndarray:
    return (near >= low) & ((near < high) | (high == 1))


def _row(table: pd.DataFrame, low: float, high: float) -> dict[str, float]:
    quartiles = table["value"].quantile([0.25, 0.5, 0.75]).tolist()
    of_rivals = [float(table[name].dropna().median()) for name in RIVALS]
    values = [low, high, float(len(table)), *quartiles, *of_rivals]
    return dict(zip(REACHED, values, strict=True))
