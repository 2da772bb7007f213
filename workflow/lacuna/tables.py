"""The report's tables, as HTML pages that stand alone."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment

from lacuna.files import whole
from lacuna.names import METRIC_NAMES, method_name

PAGE = Environment(autoescape=True).from_string("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font-family: sans-serif; margin: 1.5em; color: #222; max-width: 75em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: .35em .8em; border-bottom: 1px solid #ccc; text-align: right; }
th { border-bottom: 2px solid #444; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
p { max-width: 50em; line-height: 1.4; }
</style></head><body><h1>{{ title }}</h1>
{% for paragraph in paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}{% for heading, table in sections %}<h2>{{ heading }}</h2>
{{ table | safe }}
{% endfor %}</body></html>
""")


def write_page(
    path: str | Path,
    title: str,
    paragraphs: list[str],
    sections: list[tuple[str, pd.DataFrame]],
) -> None:
    """Write an HTML page of some paragraphs and some tables, each under its heading."""
    tables = [(heading, table.to_html(index=False, border=0)) for heading, table in sections]
    with whole(path) as unfinished:
        page = PAGE.render(title=title, paragraphs=paragraphs, sections=tables)
        unfinished.write_text(page, encoding="utf-8")


def filter_table(filters: pd.DataFrame) -> pd.DataFrame:
    """Return the counts before and after each step, with what the step took, for reading."""
    shown = {"step": filters["step"]}
    for count in ("profiles", "drugs", "cells"):
        before, after = filters[f"{count}_before"], filters[count]
        shown[f"{count} before"] = before.map("{:,}".format)
        shown[f"{count} after"] = after.map("{:,}".format)
    return pd.DataFrame(shown)


def method_table(metrics: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method, with intervals, and the published number where there is one.

    Parameters
    ----------
    metrics
        method, metric, value, low, high: of one tensor size and split.
    published
        method, metric, value: of the same size and split.
    """
    rows = {method: {"method": method_name(method)} for method in metrics["method"].unique()}
    printed = published.set_index(["method", "metric"])["value"]
    for row in metrics.itertuples():
        shown = METRIC_NAMES[row.metric]
        rows[row.method][shown] = f"{row.value:z.3f} [{row.low:z.3f}, {row.high:z.3f}]"
        if row.metric in set(published["metric"]):
            number = printed.get((row.method, row.metric))
            rows[row.method][f"{shown}, published"] = "" if number is None else f"{number:.2f}"
    return pd.DataFrame(list(rows.values()))


def conclude(metrics: pd.DataFrame, methods: list[str]) -> str:
    """Say in a sentence which method has the highest pct, and how far the next one is."""
    pct = metrics[(metrics["metric"] == "pct") & metrics["method"].isin(methods)]
    ranked = pct.sort_values("value", ascending=False)
    best = ranked.iloc[0]
    sentence = (
        f"{method_name(best.method)} predicts held-out profiles best: PCT {best.value:.3f} "
        f"(95 % interval {best.low:.3f} to {best.high:.3f})"
    )
    if len(ranked) == 1:
        return sentence + "."
    second = ranked.iloc[1]
    apart = "above" if best.low > second.high else "an interval that overlaps that of"
    return (
        f"{sentence}, {apart} {method_name(second.method)}: {second.value:.3f} "
        f"({second.low:.3f} to {second.high:.3f})."
    )


def fallback_table(folds: pd.DataFrame) -> pd.DataFrame:
    """Count the predictions where a plain mean stands, for want of anything nearer.

    Parameters
    ----------
    folds
        size, split, method, profiles, fallbacks: one row per fold.
    """
    keys = ["size", "split", "method"]
    counted = folds.groupby(keys, sort=False)[["profiles", "fallbacks"]].sum().reset_index()
    return counted.assign(method=counted["method"].map(method_name))


def published_note(data: str, is_papers_data: bool) -> str:
    """Say how far the published numbers can be compared with this run's."""
    if is_papers_data:
        return (
            "The published numbers are those of Hodos et al. 2018, on signatures their authors "
            "downloaded ready-made; here signatures are made anew from the Level 3 plates, so "
            "small differences are to be expected."
        )
    return (
        "The published numbers are those of Hodos et al. 2018 on the LINCS L1000 tensor of 2,130 "
        f"drugs and 71 cells. This run is on other data, {data}: they stand beside ours for the "
        "order of the methods, and no agreement of the values is to be expected."
    )
