"""What is to be told of drugs: ATC classes and targets."""

import pandas as pd

from lacuna.io.annotations import split

LEAST_PER_CLASS = 5  # positives, and negatives, below which a task is skipped


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
    for kind, (sets, asked, least) in kinds.items():
        known = sets.dropna()
        counts = (
            known.explode().value_counts().sort_index().sort_values(ascending=False, kind="stable")
        )
        taken = 0
        for name, positives in counts.items():
            negatives = len(known) - positives
            skipped = ""
            if isinstance(asked, list) and name not in asked:
                skipped = "not asked for"
            elif positives < least:
                skipped = f"fewer than {least} drugs"
            elif negatives < LEAST_PER_CLASS:
                skipped = f"fewer than {LEAST_PER_CLASS} drugs without it"
            elif not isinstance(asked, list) and taken == asked:
                skipped = f"beyond the {asked} most frequent"
            task = f"{kind} {name}"
            rows.append((task, kind, positives, negatives, skipped))
            if not skipped:
                taken += 1
                answers[task] = sets.map(lambda found, name=name: float(name in found), "ignore")
    columns = ["task", "kind", "positives", "negatives", "skipped"]
    table = pd.DataFrame(answers, index=labels.index, dtype=float).set_axis(labels["drug"])
    return pd.DataFrame(rows, columns=columns), table


def _first_letters(codes: set[str]) -> set[str]:
    return {code[0].upper() for code in codes}
