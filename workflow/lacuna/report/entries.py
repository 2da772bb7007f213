"""What goes into the report, as the rules that make it say: `report(...)` on an output is all.

Nothing here imports Snakemake; its rules are looked at as they come.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Simple = str | int | float | bool | None
DATASET = re.compile(r"\{dataset(,[^{}]*)?\}")  # Snakemake adds what the wildcard may be


def entries(
    rules: Iterable[Any], folder: str, made: Sequence[str], read: Callable[[Any], str]
) -> list[dict[str, Any]]:
    """List the figures and pages of a run that its rules mark for the report.

    Parameters
    ----------
    rules
        Snakemake's.
    folder
        results/{dataset}.
    made
        The files that the run makes; others are not listed.
    read
        Returns the text of a caption, given where a rule says that it is.

    Returns
    -------
    list of dict, in the order of the rules
        path: below the folder; category, label: as the rule says; caption: the text, a template;
        params: those of the rule that are plain values, which captions name.
    """
    wanted, found = {*made}, []
    for rule in rules:
        for output in rule.output:
            mark = getattr(output, "flags", {}).get("report")
            path = DATASET.sub(folder.rpartition("/")[2], str(output))
            if not mark or path not in wanted:
                continue
            found.append(
                {
                    "path": path.removeprefix(f"{folder}/"),
                    "category": mark.category,
                    "label": next(iter((mark.labels or {}).values()), ""),
                    "caption": read(mark.caption) if mark.caption else "",
                    "params": {
                        name: value for name, value in rule.params.items() if _is_plain(value)
                    },
                }
            )
    return found


def _is_plain(value: object) -> bool:
    """Return whether a value is a text or a number, or made of such."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, Simple)
