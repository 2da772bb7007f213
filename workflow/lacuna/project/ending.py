"""The last words of a run: why it failed, or where its results are.

Snakemake prints the message of a job where the job ends, then much of its own. What is said here
comes when its process ends, below all of that.
"""

import atexit
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lacuna.errors import LacunaError
from lacuna.explore.words import INDEX
from lacuna.project.leftovers import describe_leftovers
from lacuna.project.plan import Plan
from lacuna.signatures.stage import products

TAIL = 2**16  # bytes of a log that are read
TRACEBACK = "Traceback (most recent call last):\n"
MOST_NAMED = 3  # jobs that failed for one cause
CLOCKS = 2  # seconds by which the clock of a file system may be behind
COMMAND = "lacuna show"
GUIDE = "results/README.md"  # of the project: what each file is
SILENT = (
    "Error: no reason stands in the log, as of a job that was killed: by the system for want of "
    "memory (allow more: --set-resources RULE:mem_mb=...), or by a batch system for want of time. "
    "Run again; what is finished stays."
)

STOPPED = "Stopped. The same command goes on where this run stopped; what is finished stays."


class Failure(NamedTuple):
    """A job that failed.

    Attributes
    ----------
    rule, log : str
        Its rule, and the log of its script.
    alone : bool
        Whether it failed for certain; of a group on a cluster nobody says which job it was.
    """

    rule: str
    log: str
    alone: bool = True


def say_last(text: str) -> None:
    """Print a text when this process ends, after all that Snakemake prints."""
    if text:
        atexit.register(print, f"\n{text}", file=sys.stderr, flush=True)


@contextmanager
def told_alone() -> Iterator[None]:
    """End the process with the message alone, where the block raises a `LacunaError`.

    Snakemake would add the lines of the library that it passed through.

    Raises
    ------
    SystemExit
        With the message; the exit status is 1.
    """
    try:
        yield
    except LacunaError as error:
        raise SystemExit(f"Error: {error}") from None


def failures(failed: Iterable[Any]) -> list[Failure]:
    """Return the jobs that failed, sorted by rule and log.

    Parameters
    ----------
    failed
        Jobs of Snakemake, and groups of them, as `workflow.scheduler.failed` has them.
    """
    found = set()
    for one in failed:
        jobs = one.jobs if one.is_group() else [one]
        found |= {Failure(j.rule.name, str(log), not one.is_group()) for j in jobs for log in j.log}
    return sorted(found)


def explain_failures(failed: Iterable[Failure], since: float) -> str:
    """Say why a run failed, each cause once, that which the user can do something about last.

    Parameters
    ----------
    failed
        The jobs that failed.
    since
        When the run began, in seconds since the epoch: an older log is that of another run.

    Returns
    -------
    str
        For each cause the rules and logs that tell it, then the message; where there is none, as
        after Ctrl-C, that the run can go on.
    """
    causes: dict[tuple[int, str], list[Failure]] = {}
    doubtful = []
    for failure in failed:
        text = _tail(Path(failure.log), since)
        if found := _cause(text or ""):
            causes.setdefault(found, []).append(failure)
        elif not failure.alone:
            doubtful.append(failure)
        elif not text or TRACEBACK not in text:
            causes.setdefault((0, SILENT), []).append(failure)
    if doubtful and not causes:
        causes[0, SILENT] = doubtful
    if not causes:
        return STOPPED
    return "\n\n".join(f"{_named(causes[found])} failed.\n{found[1]}" for found in sorted(causes))


def _cause(text: str) -> tuple[int, str] | None:
    """Return how plain a cause is, and what to say of it; None where a log holds none."""
    _, crashed, after = text.rpartition(TRACEBACK)
    if told := [*re.finditer(r"^Error: ", after, re.MULTILINE)]:
        return 2, after[told[-1].start() :].strip()
    raised = next((line for line in after.splitlines() if line.strip() and line[0] != " "), "")
    if not crashed or raised.startswith("KeyboardInterrupt"):
        return None
    return 1, (
        f"Error: {raised}: the program failed, and does not say which of your files or keys it was "
        "for. Please report it, with the log."
    )


def _tail(path: Path, since: float) -> str | None:
    """Return the end of a log; None where there is none of this run."""
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            if state.st_mtime < since - CLOCKS:
                return None
            file.seek(max(0, state.st_size - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return None


def _named(failed: list[Failure]) -> str:
    named = [f"{failure.rule} (log: {failure.log})" for failure in failed[:MOST_NAMED]]
    more = [f"{len(failed) - MOST_NAMED} more"] if len(failed) > MOST_NAMED else []
    return ", ".join([*named, *more])


def where_results_are(plan: Plan, targets: Iterable[str], leftovers: Iterable[str] = ()) -> str:
    """Say where the report of a finished run is, its products, and what each file means.

    And, last, that something lies beside them which is not of this run.

    Parameters
    ----------
    plan
        Of the run.
    targets
        What Snakemake was asked for by name.
    leftovers
        What lies among the results and is none of this run's.

    Returns
    -------
    str
        Empty where the run was not asked for its report.
    """
    if not plan.asks_for_report(targets):
        return ""
    signatures = [f"{plan.folder}/{file}" for file in products(plan.config)]
    places = {
        "Report, one file for a browser": [plan.report],
        "A page to ask, offline": [f"{plan.folder}/explore/index.html"],
        "A command to ask": _question(plan),
        "Every drug in every cell, measured or predicted (.h5ad beside it)": plan.products,
        "Signatures, with replicates and p-values": signatures,
        "What each file is, and its columns": [GUIDE],
    }
    found = [
        f"{what}: {place}"
        for what, named in places.items()
        for place in named
        if place.startswith(COMMAND) or Path(place).is_file()
    ]
    beside = describe_leftovers(plan.folder, leftovers)
    return "\n".join([*_headline(plan), *found, *([beside] if beside else [])])


def _headline(plan: Plan) -> list[str]:
    """Return what the run found, in a few sentences; none where no report was written."""
    from lacuna.report.headline import headline  # every job reads this module, and needs none

    return [*headline(plan.folder, plan.config), ""] if Path(plan.report).is_file() else []


def _question(plan: Plan) -> list[str]:
    """Return a command that asks for a profile of the run; none where it has no index to ask."""
    tables = [Path(plan.folder) / f"tensor/{name}.tsv" for name in ("drugs", "cells")]
    if not (Path(plan.folder) / INDEX).is_file():
        return []
    drug, cell = (table.read_text().splitlines()[1].split("\t")[0] for table in tables)
    return [f"{COMMAND} {shlex.quote(drug)} {shlex.quote(cell)} --dataset {plan.dataset}"]
