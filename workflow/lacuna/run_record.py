"""What a run was made with, and how long its stages took."""

from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from platform import python_version

import pandas as pd
from packaging.requirements import Requirement


def versions() -> pd.DataFrame:
    """Return package and version: Lacuna, Python and what Lacuna depends on."""
    rows = [("lacuna", version("lacuna")), ("python", python_version())]
    for line in requires("lacuna") or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            try:
                rows.append((requirement.name, version(requirement.name)))
            except PackageNotFoundError:
                rows.append((requirement.name, "not installed"))
    return pd.DataFrame(rows, columns=["package", "version"])


def time_per_rule(benchmarks: str | Path) -> pd.DataFrame:
    """Add up what Snakemake measured of each rule's jobs.

    Parameters
    ----------
    benchmarks
        Folder with a file, or a folder of files, for each rule.

    Returns
    -------
    DataFrame, one row per rule, the longest first
        rule, jobs, seconds (wall time of its jobs, one after the other), longest (of one job) and
        mebibytes (peak memory of one job; NaN where no job lived long enough to be measured).
    """
    folder, rows = Path(benchmarks), []
    for path in sorted(folder.rglob("*.tsv")):
        measured = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        name = path.relative_to(folder).parts[0].removesuffix(".tsv")
        rows.append((name, measured["s"], measured["max_rss"]))
    jobs = pd.DataFrame(rows, columns=["rule", "seconds", "mebibytes"])
    jobs["mebibytes"] = pd.to_numeric(jobs["mebibytes"])
    rules = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        longest=("seconds", "max"),
        mebibytes=("mebibytes", "max"),
    )
    return rules.sort_values("seconds", ascending=False, kind="stable").reset_index()
