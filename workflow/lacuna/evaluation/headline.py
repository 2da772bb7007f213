"""What cross-validation found, in the few sentences that a reader wants first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lacuna.completion.registry import card, method_label
from lacuna.drawing.tables import Answer, ShownTable, Term
from lacuna.drawing.wording import counted
from lacuna.evaluation import stage
from lacuna.evaluation.method_tables import best_of, kinds, ranked_by
from lacuna.evaluation.metrics import METRICS
from lacuna.evaluation.splits import SPLITS, split_label
from lacuna.io.tsv import read_table

METRIC = "profile_pearson"  # the r of headlines, and of the first table
CEILING = "pct_of_ceiling"
WORDS = " (correlation over genes with what was measured; in brackets 95 % intervals over drugs)"
KNOWN = "profiles"  # the split of drugs and cells that have other profiles in training
NEW = {"drug": "New drugs", "cell": "New cells"}
SCORE = ("value", "low", "high")


class Numbers(NamedTuple):
    """The tables that headlines are told from.

    Attributes
    ----------
    metrics : DataFrame
        split, method, metric, value, low, high: metrics.tsv, of one tensor size.
    leads : DataFrame
        split, metric, method, baseline, value, low, high: leads.tsv, of that size.
    """

    metrics: pd.DataFrame
    leads: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Numbers":
        """Read the tables of a run, of the large tensor if it was scored."""
        metrics, leads = read_table(folder / "metrics.tsv"), read_table(folder / stage.LEADS)
        size = "large" if (metrics["size"] == "large").any() else "small"
        return cls(metrics[metrics["size"] == size], leads[leads["size"] == size])


def answers(folder: Path, config: Mapping[str, Any]) -> list[Answer]:
    """Say how good the finished tensor is: for known drugs and cells, for new ones, each by each.

    Parameters
    ----------
    folder
        results/{dataset} of a finished run.
    config
        Its configuration.
    """
    numbers = Numbers.read(folder)
    method, why = told_method(config, numbers.metrics)
    if not method:
        return []
    told = [Answer("How good", " ".join([*why, *_sentences(config, numbers, KNOWN, method)]))]
    for name, split in SPLITS.items():
        if split.new:
            told.append(Answer(NEW[split.new], " ".join(_sentences(config, numbers, name, method))))
    return [*told, Answer("What to trust", _trust(folder, method))]


def told_method(config: Mapping[str, Any], metrics: pd.DataFrame) -> tuple[str, list[str]]:
    """Return the method that headlines are about, and why if it is not that of the product.

    It is the first that the tensor is completed by; where that was not cross-validated, the best
    one that was; empty where none was.
    """
    scores = metrics[metrics["metric"] == METRIC]
    scores = scores[scores["method"].isin(list(stage.methods(config)))].dropna(subset="value")
    if scores.empty:
        return "", []
    of_known = scores[scores["split"] == KNOWN]
    ranked = of_known if len(of_known) else scores
    best = str(ranked.loc[ranked["value"].idxmax(), "method"])
    completed = config["completion"]["completed"]
    if not completed:
        return best, [f"No tensor is completed; {method_label(best)} is the best method here."]
    if completed[0] in set(scores["method"]):
        return completed[0], []
    return best, [
        f"The tensor is completed by {method_label(completed[0])}, which was not cross-validated; "
        f"these are the numbers of the best method that was."
    ]


def _sentences(config: Mapping[str, Any], numbers: Numbers, split: str, method: str) -> list[str]:
    """Say how well a method predicts what a split holds out, and what it is worth."""
    score = _score(numbers.metrics, split, method, METRIC)
    new = SPLITS[split].new
    if score is None:
        what = f"{new}s never measured" if new else "single profiles"
        return [f"Not known: this run does not hold out {split_label(split)} ({what})."]
    whom = f"of a {new} never measured" if new else "held out"
    words = "" if new else WORDS
    said = [
        f"{method_label(method)} predicts profiles {whom} with r = {_interval(score)} on "
        f"average{words}."
    ]
    ceiling = _score(numbers.metrics, split, method, CEILING)
    if ceiling is not None:
        said.append(f"That is {_percent(ceiling)} of the noise ceiling, which replicates set.")
    return [*said, _lead(config, numbers, split, method)]


def _lead(config: Mapping[str, Any], numbers: Numbers, split: str, method: str) -> str:
    """Say by how much a method leads the best simple one, or that it does not."""
    leads = numbers.leads
    leads = leads[(leads["split"] == split) & (leads["metric"] == METRIC)]
    if leads.empty:
        beside = any(name in set(numbers.metrics["method"]) for name in stage.simple(config))
        if beside and card(stage.players(config)[method].method).simple:
            return "It is itself the best simple method, and no other was compared."
        return "No simple method was compared with it here."
    baseline = str(leads["baseline"].iloc[0])
    words = f"{_in_words(config, baseline, split)} ({method_label(baseline)})"
    if method == baseline:
        return f"It is itself the best of the simple methods: {words}."
    row = leads[leads["method"] == method].iloc[0]
    score = _score(numbers.metrics, split, baseline, METRIC)
    has = "" if score is None else f", which has {score['value']:.2f}"
    if pd.isna(row["low"]):
        return (
            f"The best simple method is {words}{has}; too few drugs to say whether the difference "
            f"of {row['value']:z.3f} is chance."
        )
    by = f"{row['value']:z.3f} [{row['low']:z.3f}, {row['high']:z.3f}]"
    if row["low"] > 0:
        return f"It leads the best simple method, {words}{has}, by {by}."
    if row["high"] < 0:
        return f"It is worse than {words}{has}: the difference is {by}."
    return f"It is no better than {words}{has}: the difference is {by}."


def _in_words(config: Mapping[str, Any], name: str, split: str) -> str:
    """Say what a simple method predicts of what a split holds out."""
    simple = card(stage.players(config)[name].method).simple
    if simple is None:  # tables of another configuration
        return "a plain mean"
    by_new = {"drug": simple.new_drug, "cell": simple.new_cell}
    return by_new.get(SPLITS[split].new, simple.known)


def _trust(folder: Path, method: str) -> str:
    """Say which predictions of a method can be trusted."""
    tiers = folder / f"evaluation/expected_r/{method}/tiers.tsv"
    if tiers.is_file():
        table = read_table(tiers)
        table = table[table["split"] == KNOWN]
        if len(table):
            kept = "; ".join(
                f"{row['tier']} ({counted(row['profiles'], 'profile')}): "
                f"{row['expected']:.2f} expected, {row['observed']:.2f} found"
                for row in table.to_dict("records")
            )
            return (
                "Every profile of the product states the r to expect (expected_r) and a tier. On "
                f"held-out profiles, {kept}."
            )
    calibration = folder / f"evaluation/large/{KNOWN}/{method}/calibration.tsv"
    if calibration.is_file() and len(read_table(calibration)):
        return (
            f"{method_label(method)} states a standard error with every prediction (stderr in the "
            "product); the figure of stated and real errors shows how far it holds."
        )
    return f"{method_label(method)} states no error: trust its profiles as far as r above."


def _score(
    metrics: pd.DataFrame, split: str, method: str, metric: str
) -> Mapping[str, float] | None:
    """Return value, low and high of a score; None where there is none."""
    rows = metrics[
        (metrics["split"] == split) & (metrics["method"] == method) & (metrics["metric"] == metric)
    ].dropna(subset="value")
    return None if rows.empty else {name: float(rows[name].iloc[0]) for name in SCORE}


def _interval(score: Mapping[str, float]) -> str:
    if pd.isna(score["low"]):
        return f"{score['value']:z.2f}"
    return f"{score['value']:z.2f} [{score['low']:z.2f}, {score['high']:z.2f}]"


def _percent(score: Mapping[str, float]) -> str:
    if pd.isna(score["low"]):
        return f"{100 * score['value']:.0f} %"
    return f"{100 * score['value']:.0f} % [{100 * score['low']:.0f}, {100 * score['high']:.0f}]"


def key_tables(folder: Path, config: Mapping[str, Any]) -> list[ShownTable]:
    """Return the table of the first screen: methods by what is held out, of one metric.

    Parameters
    ----------
    folder, config
        As for `answers`.
    """
    metrics = Numbers.read(folder).metrics
    metrics = metrics[metrics["metric"] == METRIC]
    if metrics.empty:
        return []
    kind = kinds(metrics["method"].unique(), stage.methods(config), stage.simple(config))
    value = metrics.pivot_table("value", "method", "split", aggfunc="first").reindex(list(kind))
    splits = [name for name in SPLITS if name in value]
    ranked = ranked_by(value[splits[0]], kind)
    table = pd.DataFrame({"method": [method_label(name) for name in ranked]})
    best = set()
    for split in splits:
        column = f"r, {split_label(split)}"
        scores = [_score(metrics, split, name, METRIC) for name in ranked]
        table[column] = ["" if score is None else _interval(score) for score in scores]
        place = best_of(value[split].reindex(ranked), METRIC, kind)
        if place is not None:
            best.add((place, column))
    summary = METRICS[METRIC].summary
    terms = [
        Term("r", f"{summary}, of predicted with measured. Higher is better; chance is 0."),
        Term("In brackets", "95 % intervals over drugs. In bold: the highest of the column."),
        *(Term(split_label(name), f"{SPLITS[name].summary}.") for name in splits),
    ]
    groups = [kind[name] for name in ranked]
    heading = "How well held-out profiles are predicted"
    return [ShownTable(heading, table, best=best, groups=groups, terms=terms)]
