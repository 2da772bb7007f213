"""The tables of the classification, as the report shows them."""

import pandas as pd

from lacuna.classification.classifiers import classifier_label
from lacuna.completion.registry import method_label
from lacuna.drawing.wording import with_spaces

MOST_TASKS = 60


def gain_sentences(tests: pd.DataFrame) -> list[str]:
    """Say what completion adds to classifiers, and whether that is beyond chance.

    Parameters
    ----------
    tests
        As `lacuna.classification.tests.paired_tests` returns them, of all questions.
    """
    overall = tests.query("question == 'gain' and grouped_by == 'all' and experiments > 0")
    sentences = [_gain_sentence(row) for _, row in overall.iterrows()]
    return sentences or [
        "No experiment has enough drugs and is above chance; the counts stand below."
    ]


def _gain_sentence(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return (
            f"Completed by {method_label(row['method'])}, {row['protocol']} protocol: the area "
            f"under the ROC curve changes by {row['difference']:+.3f} on average over "
            f"{row['experiments']} experiments, of too few drugs for an interval."
        )
    is_beyond = row["low"] > 0 or row["high"] < 0
    verdict = "" if is_beyond else ", which these drugs do not tell from none"
    return (
        f"Completed by {method_label(row['method'])}, {row['protocol']} protocol: the area under "
        f"the ROC curve changes by {row['difference']:+.3f} (95 % interval over drugs "
        f"{row['low']:+.3f} to {row['high']:+.3f}) on average over {row['experiments']} "
        f"experiments{verdict}; it rises in {row['better']:.0%}. {row['dropped']} experiments at "
        "chance or below, or of too few drugs, are left out."
    )


def unconverged_sentence(experiments: pd.DataFrame) -> str:
    """Say how many experiments hold fits that stopped before they converged."""
    stopped = int(experiments["unconverged"].gt(0).sum())
    if not stopped:
        return f"All fits of all {len(experiments)} experiments converged."
    fits = int(experiments["unconverged"].sum())
    return (
        f"{stopped} of {len(experiments)} experiments hold {fits} fits that stopped before they "
        "converged; `unconverged` in experiments.tsv tells which."
    )


def similarity_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the chemical control, the intervals in one cell.

    Parameters
    ----------
    summary
        As `lacuna.classification.similarity.similarity_summary` returns it.
    """
    rows = summary.dropna(subset="auc")
    table = rows[["protocol", "kind", "area", "threshold", "experiments"]].assign(
        drugs=rows["drugs"].map("{:.0f}".format),
        auc=rows["auc"].map("{:.3f}".format),
        auc_of_all=rows["auc_of_all"].map("{:.3f}".format),
        difference=[
            f"{difference:+.3f}" + ("" if pd.isna(low) else f" [{low:+.3f}, {high:+.3f}]")
            for difference, low, high in rows[["difference", "low", "high"]].to_numpy(float)
        ],
    )
    table.insert(0, "completed by", rows["method"].map(method_label))
    return with_spaces(table)


def task_table(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks, the taken ones first, then the most frequent of those skipped."""
    order = tasks.assign(was_skipped=tasks["skipped"].notna()).sort_values(
        ["was_skipped", "positives"], ascending=[True, False], kind="stable"
    )
    return order.drop(columns="was_skipped").head(MOST_TASKS).fillna({"skipped": ""})


def paired_test_table(tests: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the paired tests of one question, the intervals in one cell."""
    rows = tests[tests["question"] == question].dropna(subset="difference")
    table = rows[["method", "protocol", "grouped_by", "group", "experiments", "dropped"]].assign(
        method=rows["method"].map(method_label),
        grouped_by=rows["grouped_by"].str.replace("_", " "),
        group=rows["group"].map(classifier_label),
        better=rows["better"].map("{:.0%}".format),
        difference=[
            f"{difference:+.3f}" + ("" if pd.isna(low) else f" [{low:+.3f}, {high:+.3f}]")
            for difference, low, high in rows[["difference", "low", "high"]].to_numpy(float)
        ],
        p=rows["p"].map("{:.2g}".format, "ignore").fillna(""),
        adjusted=rows["p_bh"].map("{:.2g}".format, "ignore").fillna(""),
    )
    return table.rename(columns={"grouped_by": "by", "adjusted": "p, Benjamini-Hochberg"})


def experiment_table(experiments: pd.DataFrame) -> pd.DataFrame:
    """Return one row per experiment, with the areas and their intervals."""
    table = experiments[["profile_type", "task", "model", "protocol"]].assign(
        model=experiments["model"].map(classifier_label)
    )
    table.insert(0, "completed by", experiments["method"].map(method_label))
    for area, trained, tested in (
        ("measured", "measured", "measured"),
        ("completed", "completed", "measured"),
        ("predicted", "completed", "predicted"),
    ):
        columns = experiments[[f"auc_{area}", f"auc_{area}_low", f"auc_{area}_high"]]
        table[f"trained on {trained}, drugs {tested}"] = [
            _area_with_interval(*row) for row in columns.to_numpy(float)
        ]
    for tested in ("measured", "predicted"):
        positives, drugs = experiments[f"positives_{tested}"], experiments[f"drugs_{tested}"]
        table[f"positives of drugs, {tested}"] = positives.astype(str) + " of " + drugs.astype(str)
    return with_spaces(table)


def _area_with_interval(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.2f}" + ("" if pd.isna(low) else f" [{low:.2f}, {high:.2f}]")
