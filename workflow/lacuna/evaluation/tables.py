"""The tables of the evaluation, as the report shows them."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.drawing.wording import with_interval, with_spaces
from lacuna.evaluation.metrics import metric_label

SIGNIFICANT = 0.05


def method_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method, with intervals.

    Parameters
    ----------
    metrics
        method, metric, value, low, high: of one tensor size and split.
    """
    rows = {method: {"method": method_label(method)} for method in metrics["method"].unique()}
    for row in _rows(metrics):
        rows[row.method][metric_label(row.metric)] = _score(row)
    return pd.DataFrame(list(rows.values()))


def comparison_table(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return, for each metric, the best method and by how much the others are worse.

    Parameters
    ----------
    comparisons
        metric, best, method, value, low, high, p_holm: of one tensor size and split.
    """
    rows: dict[str, dict[str, str]] = {}
    for row in _rows(comparisons):
        names = {"metric": metric_label(row.metric), "best": method_label(row.best)}
        cells = rows.setdefault(row.metric, names)
        chance = "" if pd.isna(row.p_holm) else f", p {row.p_holm:.3f}"
        cells[f"above {method_label(row.method)} by"] = f"{_score(row)}{chance}"
    return pd.DataFrame(list(rows.values())).fillna("")


def conclude(comparisons: pd.DataFrame) -> str:
    """Say in a sentence which method has the highest PCT, and whether that is beyond chance.

    Without an interval there is no verdict.
    """
    pct = comparisons[comparisons["metric"] == "pct"]
    if pct.empty:
        return "One method alone: nothing to compare it with."
    nearest = pct.iloc[pct["value"].argmin()]
    best, second = method_label(nearest["best"]), method_label(nearest["method"])
    if pd.isna(nearest["low"]):
        return (
            f"Too few drugs for a verdict: on them {best} has the highest PCT, {second} one that "
            f"is lower by {nearest['value']:.3f}."
        )
    by = f"{nearest['value']:.3f} (95 % interval {nearest['low']:.3f} to {nearest['high']:.3f})"
    if nearest["low"] > 0:
        return f"{best} has the highest PCT, above the next one, {second}, by {by}."
    return (
        f"{best} has the highest PCT, but these drugs do not tell it from {second}: "
        f"the difference is {by}."
    )


def where_table(where: pd.DataFrame) -> pd.DataFrame:
    """Return one row per bin: each method's mean correlation and share of wins, and the lead.

    Parameters
    ----------
    where
        As `lacuna.evaluation.compare.where_methods_win` returns it.
    """
    table = with_spaces(where[["cells_per_drug", "drugs_per_cell", "profiles", "drugs"]])
    for column in where.columns[where.columns.str.startswith("pearson_")]:
        method = column.removeprefix("pearson_")
        table[method_label(method)] = [
            f"{pearson:z.3f} ({won:.0%})"
            for pearson, won in zip(where[column], where[f"won_{method}"], strict=True)
        ]
    table["best"] = where["best"].map(method_label)
    table["lead over the next one"] = [_lead(row) for row in _rows(where)]
    return table


def conclude_where(where: pd.DataFrame) -> list[str]:
    """Say of each method that leads anywhere in how many bins, and where it is beyond chance."""
    sentences = []
    for method, rows in where.groupby("best", sort=False):
        beyond = rows[rows["p_holm"] < SIGNIFICANT]
        verdict = f"beyond chance in {len(beyond)} ({beyond['profiles'].sum():,} profiles)"
        if rows["p_holm"].isna().all():
            verdict = "none of which can be tested for chance"
        sentences.append(
            f"{method_label(str(method))} has the highest mean correlation in {len(rows)} of "
            f"{len(where)} bins ({rows['profiles'].sum():,} profiles), {verdict}."
        )
    return sentences


def kept_table(kept: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method: how its cell specificities of drugs follow the measured ones.

    Parameters
    ----------
    kept
        As `lacuna.evaluation.specificity.specificity_kept` returns it.
    """
    labels = {"correlation": "correlation", "slope": "slope through 0"}
    rows: dict[str, dict[str, str]] = {}
    for row in _rows(kept):
        names = {"method": method_label(row.method), "drugs": f"{row.drugs:,}"}
        rows.setdefault(row.method, names)[labels[row.metric]] = _score(row)
    return pd.DataFrame(list(rows.values()))


def fallback_table(folds: pd.DataFrame) -> pd.DataFrame:
    """Count the profiles whose drug was shown in another cell, and the predictions by plain means.

    Parameters
    ----------
    folds
        size, split, method, profiles, with_input, fallbacks: one row per fold.
    """
    keys, counts = ["size", "split", "method"], ["profiles", "with_input", "fallbacks"]
    counted = with_spaces(folds.groupby(keys, sort=False)[counts].sum().reset_index())
    return counted.assign(method=counted["method"].map(method_label))


def similar_table(similar: pd.DataFrame) -> pd.DataFrame:
    """Return one row per drug: which other drug is most like it, and how like.

    Parameters
    ----------
    similar
        As `lacuna.evaluation.similar_drugs.most_similar_drugs` returns it, or rows of it.
    """
    likeness = similar["tanimoto"].map("{:.3f}".format, "ignore")
    return pd.DataFrame(
        {
            "drug": similar["name"],
            "most similar other drug": similar["most_similar_name"],
            "largest Tanimoto similarity": likeness.fillna("structure not known"),
        }
    )


def conclude_similar(similar: pd.DataFrame) -> str:
    """Say how like the drugs of a tensor are to their most similar one.

    Parameters
    ----------
    similar
        As `lacuna.evaluation.similar_drugs.most_similar_drugs` returns it.
    """
    known = similar["tanimoto"].dropna()
    if known.empty:
        return "No structures are known."
    low, median, high = known.quantile([0.25, 0.5, 0.75])
    return (
        f"Of {len(similar):,} drugs of the tensor, {len(known):,} have a known structure. Their "
        f"largest similarity to another drug is {median:.2f} at the median, with quartiles of "
        f"{low:.2f} and {high:.2f}."
    )


def _score(row: Any) -> str:
    return with_interval(row.value, row.low, row.high)


def _lead(row: Any) -> str:
    if pd.isna(row.lead):
        return "no other method"
    lead = f"{row.lead:.4f} over {method_label(row.runner_up)}"
    if pd.isna(row.low):
        return f"{lead}, too few drugs for an interval"
    return f"{lead} [{row.low:z.4f}, {row.high:z.4f}], p {row.p_holm:.3f}"


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Iterate over rows, whose fields are of the columns' types."""
    yield from table.itertuples()
