"""The tasks of the classifiers: which ATC class is a drug of, which target does it hit?"""

from functools import partial

import pandas as pd

from lacuna.io.annotations import split

LEAST_PER_CLASS = 5  # a task with fewer positives, or fewer negatives, is skipped
TASK = ["task", "kind", "positives", "negatives", "skipped"]


def make_tasks(
    labels: pd.DataFrame,
    *,
    atc_classes: int | list[str],
    targets: int,
    min_drugs_per_target: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the most frequent first letters of ATC codes, and the most frequent targets.

    Parameters
    ----------
    labels
        drug, atc_codes, targets, see `lacuna.io.annotations.annotate`.
    atc_classes
        How many to take, at most, or which: their letters.
    targets
        How many to take, at most.
    min_drugs_per_target
        Targets of fewer drugs are skipped.

    Returns
    -------
    tasks : DataFrame, one row per task, taken or skipped
        task, kind ("ATC" or "target"), positives, negatives, skipped (why, or empty).
    answers : DataFrame of 1, 0 and NaN, drugs in rows, the tasks taken in columns
        NaN where nothing is known of the drug: it is not a negative.
    """
    letters = split(labels["atc_codes"]).map(_first_letters, "ignore")
    kinds = {
        "ATC": (letters, atc_classes, LEAST_PER_CLASS),
        "target": (split(labels["targets"]), targets, min_drugs_per_target),
    }
    rows, answers = [], {}
    for kind, (labels_of_drug, wanted, least) in kinds.items():
        labelled = labels_of_drug.dropna()
        counts = labelled.explode().value_counts().sort_index()
        taken = 0
        for name, positives in counts.sort_values(ascending=False, kind="stable").items():
            negatives = len(labelled) - positives
            skipped = ""
            if isinstance(wanted, list) and name not in wanted:
                skipped = "not asked for"
            elif positives < least:
                skipped = f"fewer than {least} drugs"
            elif negatives < LEAST_PER_CLASS:
                skipped = f"fewer than {LEAST_PER_CLASS} drugs without it"
            elif not isinstance(wanted, list) and taken == wanted:
                skipped = f"beyond the {wanted} most frequent"
            task = f"{kind} {name}"
            rows.append((task, kind, positives, negatives, skipped))
            if not skipped:
                taken += 1
                answers[task] = labels_of_drug.map(partial(_holds, name=name), "ignore")
    table = pd.DataFrame(answers, index=labels.index, dtype=float).set_axis(labels["drug"])
    return pd.DataFrame(rows, columns=TASK), table


def _holds(labels: set[str], name: object) -> float:
    return float(name in labels)


def _first_letters(codes: set[str]) -> set[str]:
    return {code[0].upper() for code in codes}
