"""The report's tables, as HTML pages that stand alone."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment

from lacuna.files import whole
from lacuna.names import (
    ANALYSIS_NAMES,
    CLASSIFIER_NAMES,
    METRIC_NAMES,
    NO_SETTING,
    method_name,
)

PAGE = Environment(autoescape=True).from_string("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font-family: sans-serif; margin: 1.5em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
table { font-size: 85%; white-space: nowrap; }
th { white-space: normal; }
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


PLATE_SCORES = {
    "common": "shared by all wells",
    "replicate_cosine": "cosine, replicates",
    "mismatch_cosine": "cosine, different drugs",
    "significant": "experiments with p at most 0.1",
}
MOST_PLATES = 40
MOST_CELLS = 100
SIGNIFICANT = 0.05


def plate_medians(quality: pd.DataFrame) -> pd.DataFrame:
    """Return the median over plates of each score, one row per reference.

    Parameters
    ----------
    quality
        series, reference and the scores of every plate, as `lacuna.plate_quality` returns them.
    """
    keys = ["series", "reference"]
    medians = quality.groupby(keys, sort=False)[list(PLATE_SCORES)].median().round(3)
    counts = quality.groupby(keys, sort=False)["plate"].nunique().rename("plates")
    return medians.join(counts).rename(columns=PLATE_SCORES).reset_index().fillna("")


def worst_plates(quality: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return the plates that have most in common under one reference, worst first."""
    plates = quality[quality["reference"] == reference].nlargest(MOST_PLATES, "common")
    columns = ["series", "plate", "vehicle_wells", "compound_wells", *PLATE_SCORES]
    shown = plates[columns].round(3).rename(columns=PLATE_SCORES)
    return shown.rename(columns=lambda name: name.replace("_", " ")).fillna("")


def method_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method, with intervals.

    Parameters
    ----------
    metrics
        method, metric, value, low, high: of one tensor size and split.
    """
    rows = {method: {"method": method_name(method)} for method in metrics["method"].unique()}
    for row in metrics.itertuples():
        rows[row.method][METRIC_NAMES[row.metric]] = _with_interval(row)
    return pd.DataFrame(list(rows.values()))


def comparison_table(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return, for each metric, the best method and how far the others lie below it.

    Parameters
    ----------
    comparisons
        metric, best, method, value, low, high, p_holm: of one tensor size and split.
    """
    rows = {}
    for row in comparisons.itertuples():
        shown = {"metric": METRIC_NAMES[row.metric], "best": method_name(row.best)}
        shown = rows.setdefault(row.metric, shown)
        shown[f"above {method_name(row.method)} by"] = f"{_with_interval(row)}, p {row.p_holm:.3f}"
    return pd.DataFrame(list(rows.values())).fillna("")


def conclude(comparisons: pd.DataFrame) -> str:
    """Say in a sentence which method has the highest PCT, and whether that is beyond chance."""
    pct = comparisons[comparisons["metric"] == "pct"]
    if pct.empty:
        return "One method alone: nothing to compare it with."
    nearest = pct.loc[pct["value"].idxmin()]
    best, second = method_name(nearest["best"]), method_name(nearest["method"])
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
        As `lacuna.metrics.where_methods_win` returns it.
    """
    columns = ["cells_per_drug", "drugs_per_cell", "profiles", "drugs"]
    shown = where[columns].rename(columns=lambda name: name.replace("_", " "))
    for column in where.columns[where.columns.str.startswith("pearson_")]:
        method = column.removeprefix("pearson_")
        shown[method_name(method)] = [
            f"{pearson:z.3f} ({won:.0%})"
            for pearson, won in zip(where[column], where[f"won_{method}"], strict=True)
        ]
    shown["best"] = where["best"].map(method_name)
    shown["lead over the next one"] = [_lead(row) for row in where.itertuples()]
    return shown


def _lead(row) -> str:
    if pd.isna(row.lead):
        return "no other method"
    lead = f"{row.lead:.4f} over {method_name(row.runner_up)}"
    if pd.isna(row.low):
        return f"{lead}, too few drugs for an interval"
    return f"{lead} [{row.low:z.4f}, {row.high:z.4f}], p {row.p_holm:.3f}"


def conclude_where(where: pd.DataFrame) -> list[str]:
    """Say of each method that leads anywhere in how many bins, and where it is beyond chance."""
    sentences = []
    for method, rows in where.groupby("best", sort=False):
        beyond = rows[rows["p_holm"] < SIGNIFICANT]
        sentences.append(
            f"{method_name(method)} has the highest mean correlation in {len(rows)} of "
            f"{len(where)} bins ({rows['profiles'].sum():,} profiles), beyond chance in "
            f"{len(beyond)} ({beyond['profiles'].sum():,} profiles)."
        )
    return sentences


def kept_table(kept: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method: how its cell specificities of drugs follow the measured ones.

    Parameters
    ----------
    kept
        As `lacuna.metrics.specificity_kept` returns it.
    """
    rows = {}
    for row in kept.itertuples():
        shown = rows.setdefault(
            row.method, {"method": method_name(row.method), "drugs": f"{row.drugs:,}"}
        )
        shown[{"slope": "slope through 0"}.get(row.metric, row.metric)] = _with_interval(row)
    return pd.DataFrame(list(rows.values()))


def _with_interval(row) -> str:
    return f"{row.value:z.3f} [{row.low:z.3f}, {row.high:z.3f}]"


def fallback_table(folds: pd.DataFrame) -> pd.DataFrame:
    """Count the profiles whose drug was shown in another cell, and the predictions by plain means.

    Parameters
    ----------
    folds
        size, split, method, profiles, with_input, fallbacks: one row per fold.
    """
    keys, counts = ["size", "split", "method"], ["profiles", "with_input", "fallbacks"]
    counted = with_spaces(folds.groupby(keys, sort=False)[counts].sum().reset_index())
    return counted.assign(method=counted["method"].map(method_name))


def published_note(data: str, paper: str, completed: str) -> str:
    """Say how far the published numbers can be compared with this run's.

    Parameters
    ----------
    data
        What data this is.
    paper
        The paper whose data they are, such as "Hodos 2018"; empty if they are none's.
    completed
        The method whose completed profiles are classified here; the paper has DNPP. May be empty.
    """
    classified = (
        completed
        and f" Classifiers here learn from profiles completed by {method_name(completed)}."
    )
    if paper:
        return (
            f"These are the data of {paper}, and of no other paper; differences are shown for it "
            "alone. The authors downloaded signatures ready-made; here they are made anew from "
            "the Level 3 plates, so small differences are to be expected. A published number "
            "outside our interval is marked." + classified
        )
    return (
        "The published numbers are on LINCS L1000: those of Hodos 2018 on a tensor of 2,130 drugs "
        "and 71 cells; those of Umarov 2021, where nothing else is said, on ready-made signatures "
        "of about 1,750 drugs in MCF-7 and PC-3, and as correlations per profile. This run "
        f"is on other data, {data}: it is no comparison, no agreement is to be expected, and no "
        "difference is shown. The numbers stand here to show what this run measures in their place."
        + classified
    )


def published_table(compared: pd.DataFrame, is_papers_data: bool) -> pd.DataFrame:
    """Return published numbers beside ours, and their difference where the data are the paper's.

    Parameters
    ----------
    compared
        As `lacuna.published.compare` returns it.
    is_papers_data
        Whether this run is on the paper's data.
    """
    shown = compared[["place", "what"]].assign(
        published=compared["published"].map(_number),
        ours=[
            "not in this run"
            if pd.isna(row.ours)
            else _number(row.ours)
            + ("" if pd.isna(row.low) else f" [{row.low:.3f}, {row.high:.3f}]")
            for row in compared.itertuples()
        ],
        interval=compared["interval"].fillna(""),
    )
    if is_papers_data:
        outside = (compared["published"] < compared["low"]) | (
            compared["published"] > compared["high"]
        )
        shown["difference"] = [
            "" if pd.isna(value) else _number(value, "+") + (" *" if marked else "")
            for value, marked in zip(compared["difference"], outside, strict=True)
        ]
    return shown


MOST_TASKS = 60


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.4g}"


def with_spaces(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its columns' names as they are read."""
    return table.rename(columns=lambda name: name.replace("_", " "))


def conclude_on_classes(tests: pd.DataFrame) -> list[str]:
    """Say what completion adds to classifiers, and whether that is beyond chance.

    Parameters
    ----------
    tests
        As `lacuna.classify.paired_tests` returns them, of all questions.
    """
    said = []
    overall = tests.query("question == 'gain' and grouped_by == 'all'")
    for row in overall[overall["experiments"] > 0].itertuples():
        beyond = "" if row.low > 0 or row.high < 0 else ", which these drugs do not tell from none"
        said.append(
            f"Completed by {method_name(row.method)}, {row.protocol} protocol: the area under the "
            f"ROC curve changes by {row.difference:+.3f} (95 % interval over drugs {row.low:+.3f} "
            f"to {row.high:+.3f}) on average over {row.experiments} experiments{beyond}; it rises "
            f"in {row.better:.0%}. {row.dropped} experiments at chance or below, or of too few "
            "drugs, are left out."
        )
    return said or ["No experiment has enough drugs and is above chance; the counts stand below."]


def task_table(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks, the taken ones first, then the most frequent of those skipped."""
    order = tasks.assign(was=tasks["skipped"].notna()).sort_values(
        ["was", "positives"], ascending=[True, False], kind="stable"
    )
    return order.drop(columns="was").head(MOST_TASKS).fillna({"skipped": ""})


def test_table(tests: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the paired tests of one question, the intervals in one cell."""
    rows = tests[tests["question"] == question].dropna(subset="difference")
    shown = rows[["method", "protocol", "grouped_by", "group", "experiments", "dropped"]].assign(
        method=rows["method"].map(method_name),
        grouped_by=rows["grouped_by"].str.replace("_", " "),
        group=rows["group"].map(lambda name: CLASSIFIER_NAMES.get(name, name)),
        better=rows["better"].map("{:.0%}".format),
        difference=[
            f"{r.difference:+.3f} [{r.low:+.3f}, {r.high:+.3f}]" for r in rows.itertuples()
        ],
        p=rows["p"].map("{:.2g}".format),
        adjusted=rows["p_bh"].map("{:.2g}".format),
    )
    names = {"grouped_by": "by", "adjusted": "p, Benjamini-Hochberg"}
    return shown.rename(columns=names)


def experiment_table(experiments: pd.DataFrame) -> pd.DataFrame:
    """Return one row per experiment, with the areas and their intervals."""
    shown = experiments[["profile_type", "task", "model", "protocol"]].assign(
        model=experiments["model"].map(CLASSIFIER_NAMES)
    )
    shown.insert(0, "completed by", experiments["method"].map(method_name))
    for area, tested in (
        ("measured", "measured"),
        ("completed", "measured"),
        ("predicted", "predicted"),
    ):
        columns = experiments[[f"auc_{area}{side}" for side in ("", "_low", "_high")]]
        trained = "measured" if area == "measured" else "completed"
        shown[f"trained on {trained}, drugs {tested}"] = [
            "" if pd.isna(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"
            for value, low, high in columns.itertuples(index=False)
        ]
    for tested in ("measured", "predicted"):
        shown[f"positives of drugs, {tested}"] = [
            f"{positives} of {drugs}"
            for positives, drugs in zip(
                experiments[f"positives_{tested}"], experiments[f"drugs_{tested}"], strict=True
            )
        ]
    return with_spaces(shown)


def division_note(division: pd.DataFrame) -> str:
    """Say which cells a study of predictions from cell to cell has, and how many drugs.

    Parameters
    ----------
    division
        As `lacuna.cell_to_cell.division_table` returns it.
    """
    inside = division[division["part"].isin(["training", "test"])]
    cells = ", ".join(inside["cell"].drop_duplicates())
    drugs, profiles = inside.groupby("part")["drug"].nunique(), inside["part"].value_counts()
    return (
        f"Cells of the study: {cells}. Training: {drugs['training']:,} drugs with "
        f"{profiles['training']:,} profiles; test: {drugs['test']:,} other drugs with "
        f"{profiles['test']:,}. Below and above say that the 95 % interval of a difference does "
        "not hold 0. Intervals are over test drugs: each setting is trained once, and what another "
        "start of its training would change is not in them."
    )


def conclude_variations(variations: pd.DataFrame, analyses: list[str]) -> list[str]:
    """Say of each analysis what its settings change, and whether that is beyond chance.

    Parameters
    ----------
    variations
        As `lacuna.variations.summarise` returns it, of all analyses.
    analyses
        All that were asked for, also those without any setting.
    """
    said = []
    for analysis in analyses:
        rows = variations[variations["analysis"] == analysis]
        sentences = _conclude_variation(rows) if len(rows) else [f"{NO_SETTING[analysis]}."]
        said.append(f"{ANALYSIS_NAMES[analysis]}: {' '.join(sentences)}")
    return said


def _conclude_variation(rows: pd.DataFrame) -> list[str]:
    is_reference = rows["setting"] == rows["reference"]
    if not is_reference.any():
        return _verdicts(rows, "gain", "the copy")
    reference = next(rows[is_reference].itertuples())
    name = method_name(reference.setting)
    better, worse = (rows["gain_low"] > 0).sum(), (rows["gain_high"] < 0).sum()
    return [
        f"{name} has a mean correlation of {_scored(reference, 'value')}, which is "
        f"{_scored(reference, 'gain', '+')} above the copy.",
        *_verdicts(rows[~is_reference], "difference", name),
        f"Of all {len(rows)} settings {better} lie above the copy, {worse} below.",
    ]


def _verdicts(rows: pd.DataFrame, name: str, other: str) -> list[str]:
    """Name the settings below, above and neither, by the interval of a difference."""
    below, above = rows[f"{name}_high"] < 0, rows[f"{name}_low"] > 0
    sentences = []
    for verdict, chosen in (
        ("Below", below),
        ("Above", above),
        ("Not told by these drugs from", ~below & ~above),
    ):
        named = [
            f"{method_name(row.setting)} ({_scored(row, name, '+')})"
            for row in rows[chosen].itertuples()
        ]
        if named:
            sentences.append(f"{verdict} {other}: {'; '.join(named)}.")
    return sentences


def variation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per setting of an analysis, the intervals in one cell.

    Parameters
    ----------
    rows
        As `lacuna.variations.summarise` returns them.
    """
    shown = {
        "setting": rows["setting"].map(method_name),
        "profiles": rows["profiles"],
        "drugs": rows["drugs"],
    }
    for heading, name, sign in (
        ("Pearson r", "value", ""),
        ("of the copy", "copy", ""),
        ("above the copy by", "gain", "+"),
    ):
        shown[heading] = [_scored(row, name, sign) for row in rows.itertuples()]
    for reference in rows["reference"].dropna().unique():
        shown[f"against {method_name(reference)}, same profiles"] = [
            "" if row.setting == reference else _scored(row, "difference", "+")
            for row in rows.itertuples()
        ]
    return pd.DataFrame(shown)


def _scored(row, name: str, sign: str = "") -> str:
    ends = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
    value, low, high = (f"{getattr(row, column):{sign}z.3f}" for column in (name, *ends))
    return f"{value}, too few drugs for an interval" if low == "nan" else f"{value} [{low}, {high}]"
