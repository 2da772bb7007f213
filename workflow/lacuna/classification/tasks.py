"""The tasks of the classifiers: which ATC class is a drug of, which target does it hit?"""

from collections.abc import Collection

import pandas as pd

from lacuna.io.annotations import BY_ID, split

LEAST_PER_CLASS = 5  # a task with fewer positives, or fewer negatives, is skipped
TASK = ["task", "kind", "positives", "negatives", "skipped"]


def make_tasks(
    labels: pd.DataFrame,
    *,
    atc_classes: int | list[str],
    targets: int,
    min_drugs_per_target: int,
    symbols: Collection[str] = (),
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
    symbols
        The gene symbols whose Entrez ids are known. Another symbol may be that of any target that
        goes by its id: whether a drug hits both cannot be told, and it is left out where it is no
        positive.

    Returns
    -------
    tasks : DataFrame, one row per task, taken or skipped
        task, kind ("ATC" or "target"), positives, negatives, skipped (why, or empty).
    answers : DataFrame of 1, 0 and NaN, drugs in rows, the tasks taken in columns
        NaN where nothing is known of the drug: it is not a negative.
    """
    named = set(symbols)
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
            answer = _answer(labelled, str(name), named)
            negatives = int(answer.eq(0).sum())
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
                answers[task] = answer.reindex(labels.index)
    table = pd.DataFrame(answers, index=labels.index, dtype=float).set_axis(labels["drug"])
    return pd.DataFrame(rows, columns=TASK), table


def _answer(labelled: pd.Series, name: str, named: set[str]) -> pd.Series:
    """Return 1 where a drug's labels hold a name, else 0; NaN where one of them may be its gene."""
    holds = labelled.map(lambda labels: float(name in labels))
    if name in named:
        return holds
    if name.startswith(BY_ID):
        unclear = labelled.map(lambda labels: any(_is_unnamed(label, named) for label in labels))
    else:
        unclear = labelled.map(lambda labels: any(label.startswith(BY_ID) for label in labels))
    return holds.mask(holds.eq(0) & unclear)


def _is_unnamed(label: str, named: set[str]) -> bool:
    """Return whether a label is a symbol whose Entrez id is not known."""
    return not label.startswith(BY_ID) and label not in named


def _first_letters(codes: set[str]) -> set[str]:
    return {code[0].upper() for code in codes}
