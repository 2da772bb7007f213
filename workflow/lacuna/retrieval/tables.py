"""The page of scores: the paper's tables, with intervals and beside chance."""

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy.stats import norm

from lacuna.evaluation.bootstrap import CONFIDENCE, adjust_holm
from lacuna.retrieval.card import available, method_card
from lacuna.retrieval.compare import ORACLE, RAW, TEST_LINE, TRAINING_LINES, Row, main_row
from lacuna.retrieval.metrics import metric_label
from lacuna.retrieval.score_jobs import MAIN
from lacuna.retrieval.split import TRAINING, VALIDATION
from lacuna.structures.card import available as available_encoders
from lacuna.structures.card import encoder_card

SHOWN = ("median_rank", "median_rank_share", "mrr", "hits_1", "hits_10", "hits_100")
NEAR_CHANCE = (
    "No method's mean reciprocal rank is above chance: from these data, structures "
    "cannot be told by profiles. What is written here is not evidence for or against a method."
)
ABOUT = (
    "A query is the profile of a well, or of a drug's mean well; the library is the test drugs of "
    "the fold. Neither the drugs nor the test lines were trained on. 95 % intervals are over "
    "drugs, stereo twins as one; rank 1 is best, ties count as chance has it. The oracle of the "
    "test line leaves the query out of its own drug's mean alone: where wells of a plate are "
    "alike, it is too low, and the rows `other plates` of the oracles' own table are fair."
)
LABELS = {
    RAW: "raw",
    ORACLE: "Oracle",
    TEST_LINE: "profiles of the test line",
    TRAINING_LINES: "profiles of training lines",
}


def label_of(name: str) -> str:
    """Return how a kind of profile or molecule, or a method, is called in tables and figures."""
    if name in LABELS:
        return LABELS[name]
    if name in available():
        return method_card(name).label
    return encoder_card(name).label if name in available_encoders() else name


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Replace names of profiles, molecules and methods by their labels."""
    columns = ("profile", "molecule", "method")
    return table.assign(**{name: table[name].map(label_of) for name in columns})


def wide(metrics: pd.DataFrame, question: Mapping[str, str]) -> pd.DataFrame:
    """Return a row for each method at one question, a column for each metric with its interval.

    Parameters
    ----------
    metrics
        As `lacuna.retrieval.score_jobs.score` makes it.
    question
        level, direction, right, within.
    """
    rows = metrics
    for column, value in question.items():
        rows = rows[rows[column] == value]
    rows = labelled(rows[rows["metric"].isin(SHOWN)])
    rows = rows.assign(shown=[_with_interval(*row) for row in _values(rows)])
    names = ["profile", "molecule", "method", "queries", "left_out"]
    order = rows[names].drop_duplicates()
    table = rows.pivot_table("shown", names, "metric", aggfunc="first").reset_index()
    table = order.merge(table, on=names)
    chance = rows.drop_duplicates("metric").set_index("metric")["chance"]
    shown = [name for name in SHOWN if name in table]
    first = pd.DataFrame([{"profile": "chance", **{n: f"{chance[n]:.3g}" for n in shown}}])
    table = pd.concat([table, first], ignore_index=True)[[*names, *shown]].fillna("")
    return table.rename(columns={name: metric_label(name) for name in shown}).rename(
        columns={"left_out": "left out"}
    )


def against_chance(metrics: pd.DataFrame) -> list[str]:
    """Say in words whether structures were found: by the aligned space, and by any method at all.

    Parameters
    ----------
    metrics
        As `lacuna.retrieval.score_jobs.score` makes it.
    """
    main = metrics[metrics["metric"] == "mrr"]
    for column, value in MAIN._asdict().items():
        main = main[main[column] == value]
    methods = main[main["method"] != ORACLE]
    if methods["low"].isna().all():
        return ["There are too few drugs for intervals: nothing can be said against chance."]
    rows = [Row(*row) for row in methods[[*Row._fields]].itertuples(index=False, name=None)]
    first = methods.iloc[rows.index(main_row(rows))]
    spread = (methods["high"] - methods["low"]) / (2 * norm.ppf(1 - (1 - CONFIDENCE) / 2))
    p = norm.sf((methods["value"] - methods["chance"]) / spread)
    above = methods[adjust_holm(p) < 1 - CONFIDENCE]
    best = methods.iloc[int(methods["value"].argmax())]
    found = "is above chance" if first["low"] > first["chance"] else "IS NOT ABOVE CHANCE"
    said = [
        f"{_named(first)} {found}: MRR {_with_interval(*first[['value', 'low', 'high']])}, chance "
        f"{first['chance']:.3g}. {len(above)} of {len(methods)} rows are above chance where their "
        f"number is allowed for (Holm); the highest MRR is {best['value']:.3g} ({_named(best)})."
    ]
    if above.empty:
        said.insert(0, NEAR_CHANCE)
    return said


def _named(row: pd.Series) -> str:
    profile, molecule, method = (label_of(row[field]) for field in Row._fields)
    return f"{method} ({profile} profiles, {molecule} molecules)"


def sentences(metrics: pd.DataFrame, lines: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what stands above the tables; first, what was found against chance.

    Parameters
    ----------
    metrics
        As `lacuna.retrieval.score_jobs.score` makes it.
    lines
        Cell lines by role.
    """
    said = [*against_chance(metrics), ABOUT]
    if shared := sorted(set(lines[TRAINING]) & set(lines[VALIDATION])):
        said.append(
            f"Validation drugs are seen in a line that is trained on ({', '.join(shared)}): what "
            "stops the training says nothing of another line."
        )
    return said


def sections(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of the page, each with its heading.

    Parameters
    ----------
    tables
        metrics, differences, oracles, account, left_out, regressions.
    """
    metrics = tables["metrics"]
    shown = [
        ("Which molecule was it? Every well is a query", wide(metrics, MAIN._asdict())),
        ("Stereo twins count, too", wide(metrics, MAIN._replace(right="twins")._asdict())),
        ("Every drug is a query", wide(metrics, MAIN._replace(level="drug")._asdict())),
    ]
    plates = MAIN._replace(within="plate")._asdict()
    if (metrics["within"] == "plate").any():
        shown.append(("Among the molecules of the same plate", wide(metrics, plates)))
    back = MAIN._replace(direction="profile")._asdict()
    return [
        *shown,
        ("Which profiles are of this molecule? The first of them", wide(metrics, back)),
        ("Lead over each other method", _leads(tables["differences"])),
        ("Expression retrieved by expression, all drugs", _oracles(tables["oracles"])),
        ("What makes a drug easy to find", _rounded(tables["regressions"])),
        ("From the screen to the wells", tables["account"]),
        ("Drugs left out for their structures", _counted(tables["left_out"])),
    ]


def _leads(differences: pd.DataFrame) -> pd.DataFrame:
    rows = labelled(differences[differences["metric"].isin(SHOWN)])
    if rows.empty:
        return rows
    first = rows["reference"].iloc[0].split(" / ")
    rows = rows.assign(
        lead=[_with_interval(*row) for row in _values(rows)],
        of=", ".join(map(label_of, first)),
        metric=rows["metric"].map(metric_label),
    )
    names = ["of", "profile", "molecule", "method"]
    return rows.pivot_table("lead", names, "metric", aggfunc="first").reset_index().fillna("")


def _oracles(oracles: pd.DataFrame) -> pd.DataFrame:
    rows = oracles[oracles["metric"].isin(SHOWN)]
    rows = rows.assign(
        form=rows["form"].fillna(""),
        shown=[_with_interval(*row) for row in _values(rows)],
        metric=rows["metric"].map(metric_label),
    )
    names = ["block", "queries_of", "references", "measure", "form", "queries", "library"]
    order = rows[names].drop_duplicates()
    table = rows.pivot_table("shown", names, "metric", aggfunc="first").reset_index()
    labels = [metric_label(name) for name in SHOWN]
    return order.merge(table, on=names)[[*names, *(n for n in labels if n in table)]]


def _values(rows: pd.DataFrame) -> list[tuple[float, float, float]]:
    return list(rows[["value", "low", "high"]].itertuples(index=False, name=None))


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.3g}" if pd.isna(low) else f"{value:.3g} [{low:.3g}, {high:.3g}]"


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda value: f"{value:.3g}" if isinstance(value, float) else value)


def _counted(left_out: pd.DataFrame) -> pd.DataFrame:
    count = left_out["said"].value_counts().rename_axis("reason").reset_index(name="drugs")
    return count if len(count) else pd.DataFrame({"reason": ["none"], "drugs": [0]})
