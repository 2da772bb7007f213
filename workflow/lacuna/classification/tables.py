"""The tables of the classification, as the report shows them."""

import pandas as pd

from lacuna.drawing.wording import with_spaces
from lacuna.names import CLASSIFIER_NAMES, method_name

MOST_TASKS = 60


def conclude_on_classes(tests: pd.DataFrame) -> list[str]:
    """Say what completion adds to classifiers, and whether that is beyond chance.

    Parameters
    ----------
    tests
        As `lacuna.classification.tests.paired_tests` returns them, of all questions.
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
