"""What a job does, in words: the text that stands beside its rule, filled with its wildcards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from string import Formatter

from lacuna.cell_to_cell.trainings import training_label
from lacuna.classification.classifiers import classifier_label
from lacuna.completion.registry import method_label
from lacuna.evaluation import stage as evaluation
from lacuna.evaluation.splits import split_label
from lacuna.project.plan import Plan

# Wildcards that have a label; all others stand as they are.
LABELS: dict[str, Callable[[str], str]] = {
    "method": method_label,
    "split": split_label,
    "model": classifier_label,
    "training": training_label,
}
MADE = ("folds", "draws", "figure")  # what a text may name beside the wildcards of its rule


def describe_job(plan: Plan, rule: str, text: str | None, wildcards: Mapping[str, str]) -> str:
    """Return what a job does, in words.

    Parameters
    ----------
    plan
        Of the run.
    rule
        The name of its rule.
    text
        The docstring of the rule, with wildcards in braces, and what `MADE` names.
    wildcards
        Values by name.

    Returns
    -------
    str
        The name of the rule in words where it has no text, or one that cannot be filled.
    """
    return describe_jobs(plan, rule, text, [wildcards])


def describe_jobs(
    plan: Plan, rule: str, text: str | None, wildcards: Sequence[Mapping[str, str]]
) -> str:
    """Return what the jobs of a rule do; what they differ in stays open: <method> completes ...

    Parameters
    ----------
    plan, rule, text
        As for `describe_job`.
    wildcards
        Of each job.
    """
    of_jobs = [_words(plan, rule, of_one) for of_one in wildcards]
    alike = {
        name: value if all(words.get(name) == value for words in of_jobs) else f"<{name}>"
        for name, value in of_jobs[0].items()
    }
    try:
        return (text or "").format_map(alike) or _plain(rule)
    except (KeyError, IndexError, ValueError):
        return _plain(rule)


def _words(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> dict[str, str]:
    """Return what the fields of a text stand for in one job."""
    words = {name: LABELS.get(name, str)(value) for name, value in wildcards.items()}
    if "batch" in wildcards:
        words["draws"] = _numbers(evaluation.repeats_of, plan, wildcards["batch"])
        if split := wildcards.get("split"):
            words["folds"] = _numbers(evaluation.folds_of, plan, split, wildcards["batch"])
    for figure in plan.figures.values():
        if figure.rule == rule:
            words["figure"] = figure.card.label
    return words


def fields_of(text: str) -> set[str]:
    """Return the names that a text has in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _plain(rule: str) -> str:
    return rule.replace("_", " ")


def _numbers(of: Callable[..., Iterable[int]], plan: Plan, *wildcards: str) -> str:
    """Return folds or draws, counted from 1: 3, or 3-4; as it is where the plan has none such."""
    try:
        numbers = [number + 1 for number in of(plan.config, *wildcards)]
    except (IndexError, KeyError):
        return wildcards[-1]
    return f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
