"""The tables that compare methods: a few metrics first, the best marked, controls set apart."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.drawing.tables import ShownTable, Term
from lacuna.drawing.wording import with_interval
from lacuna.evaluation.metrics import METRICS, metric_label
from lacuna.evaluation.tables import comparison_table

MAIN = ("profile_pearson", "pct", "pct_specific", "pct_of_ceiling", "retrieval")  # shown at once
METHODS, SIMPLE, CONTROLS = "Methods", "Simple methods: means and sums of means", "Controls"
KNOWS_ALL = "truth"  # the control that is given the answers
OFF = 0.02  # a control that is further from what it should score is told of


def kinds(
    names: Iterable[str], methods: Collection[str], simple: Collection[str]
) -> dict[str, str]:
    """Return of each name whether it is a method, a simple method or a control, in this order."""
    of_name = {
        name: SIMPLE if name in simple else METHODS if name in methods else CONTROLS
        for name in names
    }
    order = [METHODS, SIMPLE, CONTROLS]
    return dict(sorted(of_name.items(), key=lambda item: order.index(item[1])))


def shown_methods(
    heading: str,
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    methods: Collection[str],
    simple: Collection[str],
) -> list[ShownTable]:
    """Return the tables of one tensor size and split: main metrics, all others, comparisons.

    Parameters
    ----------
    heading
        What was held out of what.
    scores
        method, metric, value, low, high.
    comparisons
        metric, best, method, value, low, high, p_holm.
    methods
        Names of those compared; others are controls.
    simple
        Names of those, and of controls, that are plain means or sums of means.

    Returns
    -------
    list of ShownTable
        All but the first are folded.
    """
    known = list(scores["metric"].unique())
    main = [name for name in MAIN if name in known] or known[:1]
    others = [name for name in known if name not in main]
    kind = kinds(scores["method"].unique(), methods, simple)
    tables = [_scores(heading, scores, main, kind)]
    if others:
        tables.append(_scores(f"{heading}: all other metrics", scores, others, kind, folded=True))
    if len(comparisons):
        tables.append(
            ShownTable(
                f"{heading}: the best against each of the others",
                comparison_table(comparisons),
                folded=True,
                note="By the same draws of drugs, with Holm's p-value; a lead whose interval "
                "includes 0 is none.",
            )
        )
    return tables


def _scores(
    heading: str,
    scores: pd.DataFrame,
    metrics: Sequence[str],
    kind: Mapping[str, str],
    folded: bool = False,
) -> ShownTable:
    value = scores.pivot_table("value", "method", "metric", aggfunc="first").reindex(list(kind))
    ranked = ranked_by(value[metrics[0]], kind)
    table = pd.DataFrame({"method": [method_label(name) for name in ranked]})
    of_row = {(str(row["method"]), str(row["metric"])): row for row in scores.to_dict("records")}
    best = set()
    for metric in metrics:
        rows = [of_row.get((name, metric)) for name in ranked]
        column = metric_label(metric)
        table[column] = ["" if row is None else _interval(row) for row in rows]
        place = best_of(value[metric].reindex(ranked), metric, kind)
        if place is not None:
            best.add((place, column))
    return ShownTable(
        heading,
        table,
        best=best,
        groups=[kind[name] for name in ranked],
        terms=[Term(metric_label(name), definition(name, value[name])) for name in metrics],
        folded=folded,
    )


def ranked_by(values: pd.Series, kind: Mapping[str, str]) -> list[str]:
    """Return the names group by group, each from the highest value to the lowest, NaN last."""
    number = {name: value for name, value in values.items() if pd.notna(value)}
    order = list(dict.fromkeys(kind.values()))
    return sorted(
        kind, key=lambda name: (order.index(kind[name]), -number.get(name, -float("inf")))
    )


def best_of(values: pd.Series, metric: str, kind: Mapping[str, str]) -> int | None:
    """Return the place of the best value of a metric, controls aside; None where none is better.

    Parameters
    ----------
    values
        By name.
    metric
        Its card says which values are better.
    kind
        Of each name, see `kinds`.
    """
    better = METRICS[metric].better if metric in METRICS else ""
    merit = {"higher": values, "lower": -values, "near 1": -(values - 1).abs()}.get(better)
    if merit is None:
        return None
    merit = merit[[kind[str(name)] != CONTROLS for name in merit.index]].dropna()
    return None if merit.empty else list(values.index).index(merit.idxmax())


def definition(metric: str, values: pd.Series) -> str:
    """Say what a metric measures, which values are better, and what knowing nothing scores.

    Parameters
    ----------
    metric
        Its name.
    values
        Of all methods and controls, by name: where a control scores other than it should by the
        card, what it scores is said.
    """
    if metric not in METRICS:
        return "a metric of another version."
    card = METRICS[metric]
    said = [f"{card.summary}.", f"{card.better.capitalize()} is better."]
    if card.better == "near 1":
        said = [f"{card.summary}.", "Near 1 is better."]
    if card.chance is not None:
        said.append(f"Knowing nothing scores {card.chance:g}.")
        said += [
            f"Here {method_label(name)} scores {value:.2f}: that is the floor to read others from."
            for name, value in _knowing_nothing(values)
            if abs(value - card.chance) > OFF
        ]
    truth = values.get(KNOWS_ALL)
    if card.better == "higher" and truth is not None and abs(truth - 1) > OFF:
        said.append(f"The measured profiles themselves score {truth:.2f}.")
    return " ".join(said)


def _knowing_nothing(values: pd.Series) -> list[tuple[str, float]]:
    """Return the controls that know nothing, which are zeros and random profiles."""
    return [(name, values[name]) for name in ("zeros", "random") if pd.notna(values.get(name))]


def _interval(row: Mapping[Any, Any]) -> str:
    return with_interval(row["value"], row["low"], row["high"])
