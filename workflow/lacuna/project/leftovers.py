"""What lies among the results of a run and is none of them, as of an older configuration.

A product of yesterday's configuration is a good file, and stays. But it stands beside today's, was
not made with it, and nothing in it says so.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

PAGE = "report/pages/run.html"  # below results/{dataset}; all results of a run come before it
LATER = "report/snakemake.html"
PREFLIGHT = "acquire/preflight.json"  # what was found before the first job
NO_RESULTS = ("logs", "benchmarks", "sums")  # folders of small files that tell of jobs
MOST_NAMED, MOST_ROWS = 3, 200
DEEP = 4  # parts of a path from which on its folder is named in its place


def find_leftovers(folder: str | Path, made: Iterable[str]) -> list[str]:
    """Return the files of a run's stages that it does not make, below its folder, sorted.

    Parameters
    ----------
    folder
        The folder results/{dataset}.
    made
        The files and folders that the run makes, below the same folder; without any, nobody knows
        what it makes, and nothing is said.

    Returns
    -------
    list of str
        Left out are what jobs have not finished or have set aside, and files beside the report.
    """
    known = {*made, LATER, PREFLIGHT}
    if len(known) == 2:
        return []
    return sorted(
        file for file in _files(Path(folder)) if not known & {file, *map(str, Path(file).parents)}
    )


def _files(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        within = Path(here).relative_to(folder)
        if within == Path():
            folders[:] = [name for name in folders if name not in NO_RESULTS]
            files = [name for name in files if name.endswith(".tsv")]
        folders[:] = [name for name in folders if _is_finished(name)]
        yield from (str(within / name) for name in files if _is_finished(name))


def _is_finished(name: str) -> bool:
    return (
        not name.startswith(".")
        and not name.endswith((".damaged", ".work"))
        and (".part" not in name)
    )


def made_for_page(dag: Any, folder: str) -> list[str]:
    """Return what Snakemake's plan makes for the page of the run, below its folder.

    Parameters
    ----------
    dag
        Snakemake's.
    folder
        The folder results/{dataset}.

    Returns
    -------
    list of str
        Empty where the page is not to be made, as of a run that is asked for one table.
    """
    last = [job for job in dag.jobs if f"{folder}/{PAGE}" in map(str, job.output)]
    jobs, waiting = {*last}, last
    while waiting:
        before = {*dag.dependencies[waiting.pop()]} - jobs
        jobs |= before
        waiting += before
    made = (str(file) for job in jobs for file in job.output)
    return [file.removeprefix(f"{folder}/") for file in made if file.startswith(f"{folder}/")]


def tabulate_leftovers(folder: str | Path, names: Iterable[str]) -> pd.DataFrame:
    """Return what is left over, with folders in place of what lies deep in them.

    Returns
    -------
    DataFrame with file or folder, files, MiB, last written (a day); in the order of names
    """
    rows: dict[str, list[os.stat_result]] = {}
    for name in names:
        place = Path(name)
        shown = f"{place.parent}/" if len(place.parts) >= DEEP else name
        rows.setdefault(shown, [])
        try:
            rows[shown].append((Path(folder) / name).lstat())
        except OSError:  # removed while the run went on
            continue
    table = [
        (
            shown,
            len(states),
            sum(state.st_size for state in states) / 2**20,
            datetime.fromtimestamp(max(state.st_mtime for state in states)).strftime("%Y-%m-%d"),
        )
        for shown, states in rows.items()
        if states
    ]
    return pd.DataFrame(table, columns=["file or folder", "files", "MiB", "last written"])


def describe_leftovers(folder: str | Path, names: Iterable[str]) -> str:
    """Return in one line that something is left over; empty where nothing is."""
    left = [*names]
    if not left:
        return ""
    named = ", ".join(left[:MOST_NAMED])
    more = f" and {len(left) - MOST_NAMED:,} more" if len(left) > MOST_NAMED else ""
    files = "A file in" if len(left) == 1 else f"{len(left):,} files in"
    verb = "is" if len(left) == 1 else "are"
    return (
        f"{files} {folder} {verb} none of this run's, as of an older configuration: {named}{more}"
    )
