"""What a run was made from and with, and how long its stages took."""

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import platform, python_version
from typing import Any

import pandas as pd
from packaging.requirements import Requirement

import lacuna
from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.benchmarks import read_benchmark
from lacuna.io.sums import Manifest, Sums
from lacuna.project.package import __version__, find_dependencies

PUBLISHED = "resources/published.tsv"
# What decides on the results, beside configuration and inputs: of a project, for git and file by
# file; and of the installed library, where stages have their schemas.
CODE = ("Snakefile", "workflow", PUBLISHED)
PROJECT_FILES = ("Snakefile", "workflow/rules/**/*.smk", "workflow/scripts/**/*.py", PUBLISHED)
LIBRARY_FILES = ("**/*.py", "**/*.yaml", "explore/page/bundle/*", "explore/page/*.html")


def provenance(
    seed: int,
    files: Iterable[str | Path],
    project: str | Path,
    jobs: Iterable[Manifest] = (),
) -> dict[str, Any]:
    """Return all but the configuration that says how results came about.

    Parameters
    ----------
    seed
        From the configuration; every job derives its own from it and from what it is of.
    files
        What the run was made from; those that are not there were not needed.
    project
        The folder of the Snakefile.
    jobs
        The manifests of the jobs that made the results.

    Returns
    -------
    dict
        seed; code (sha256, commit, changed; jobs, see `code_of_jobs`); platform; versions by
        package; inputs (bytes, sha256) by path. It can be written as YAML.
    """
    return {
        "seed": seed,
        "code": {
            "sha256": code_digest(project),
            **git_state(project),
            "jobs": code_of_jobs(jobs),
        },
        "platform": platform(),
        "versions": dict(versions().itertuples(index=False)),
        "inputs": {str(path): file_digest(path) for path in files if Path(path).is_file()},
    }


def file_digest(path: str | Path) -> dict[str, int | str]:
    """Return the size and the SHA-256 of a file."""
    with Path(path).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"bytes": Path(path).stat().st_size, "sha256": digest}


def code_digest(project: str | Path) -> str:
    """Return a digest of a project's rules, scripts and published numbers, and of the library."""
    library = Path(lacuna.__file__).parent
    named = {
        path.relative_to(folder).as_posix(): path
        for folder, patterns in ((Path(project), PROJECT_FILES), (library, LIBRARY_FILES))
        for pattern in patterns
        for path in folder.glob(pattern)
    }
    digest = hashlib.sha256()
    for name, path in sorted(named.items()):
        digest.update(f"{name} {file_digest(path)['sha256']}\n".encode())
    return digest.hexdigest()


def code_of_jobs(manifests: Iterable[Manifest]) -> list[dict[str, Any]]:
    """Return each digest of code that wrote something.

    Returns
    -------
    list of dict
        script, digest, jobs (how many it wrote) and which (the first few of them, in words).
    """
    found: dict[tuple[str, str], list[str]] = {}
    for manifest in manifests:
        if manifest.code:
            found.setdefault((manifest.script, manifest.code), []).append(manifest.path.stem)
    return [
        {
            "script": script,
            "digest": digest,
            "jobs": len(names),
            "which": listed(sorted(names)).replace("'", ""),
        }
        for (script, digest), names in sorted(found.items())
    ]


def jobs_behind(results: Iterable[str], sums: Sums, now: Mapping[str, str]) -> list[Manifest]:
    """Return the manifests of all jobs that results rest on.

    Parameters
    ----------
    results
        Files.
    sums
        All manifests of the data set.
    now
        The digest of the code that a job would run now, by the path of its manifest.

    Raises
    ------
    DamagedFile
        If a manifest is damaged.
    LacunaError
        If a job ran other code than it would run now: then results of old and new code are mixed.
    """
    for path in sums.damaged:
        raise DamagedFile(path, "this list of checksums is damaged.")
    # A job that is called otherwise now may have left an old manifest that names the same files.
    by_age = sorted(sums.manifests, key=lambda manifest: str(manifest.path) in now)
    wrote = {name: manifest for manifest in by_age for name in manifest.outputs}
    behind: dict[Path, Manifest] = {}
    todo = [*results]
    while todo:
        manifest = wrote.get(todo.pop())
        if manifest is not None and manifest.path not in behind:
            behind[manifest.path] = manifest
            todo += manifest.inputs
    found = [behind[path] for path in sorted(behind)]
    if stale := [m for m in found if m.code and m.code != now.get(str(m.path))]:
        files = [next(iter(manifest.outputs)) for manifest in stale]
        raise LacunaError(
            f"the code has changed since {len(stale)} of {len(found)} jobs ran, so that results of "
            f"old and new code are mixed. Made by old code: {listed(files, 20)}. Run the same "
            "command without --rerun-triggers, and they are made anew; or add --forcerun and their "
            "names."
        )
    return found


def git_state(project: str | Path) -> dict[str, object]:
    """Return the commit of a project, and which of its files that count were changed since.

    Both are None where the project is not under git.
    """

    def run_git(*words: str) -> str | None:
        try:
            answer = subprocess.run(["git", *words], cwd=project, capture_output=True, text=True)
        except OSError:  # no git
            return None
        return None if answer.returncode else answer.stdout

    commit = run_git("rev-parse", "HEAD") if run_git("ls-files", "Snakefile") else None
    if commit is None:
        return {"commit": None, "changed": None}
    changed = run_git("status", "--porcelain", "--", *CODE) or ""
    return {"commit": commit.strip(), "changed": [line[3:] for line in changed.splitlines()]}


def versions() -> pd.DataFrame:
    """Return package and version: Lacuna, Python and what Lacuna depends on."""
    rows = [("lacuna", __version__), ("python", python_version())]
    for line in find_dependencies():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            try:
                rows.append((requirement.name, version(requirement.name)))
            except PackageNotFoundError:
                rows.append((requirement.name, "not installed"))
    return pd.DataFrame(rows, columns=["package", "version"])


def described(provenance: dict[str, Any]) -> list[tuple[str, pd.DataFrame]]:
    """Return what `provenance` found as tables, each with a heading."""
    code = provenance["code"]
    commit = code["commit"] or "not under git"
    if code["changed"]:
        commit += f", {len(code['changed'])} files changed since"
    made = {"git commit": commit, "SHA-256 of the code": code["sha256"]}
    made |= {"seed": provenance["seed"], "platform": provenance["platform"]}
    made |= provenance["versions"]
    inputs = [{"file": path} | found for path, found in provenance["inputs"].items()]
    jobs = pd.DataFrame(code.get("jobs", []), columns=["script", "digest", "jobs", "which"])
    return [
        ("Last finished with", pd.DataFrame(list(made.items()), columns=["what", "which"])),
        ("Code of each job", jobs),
        ("Made from", pd.DataFrame(inputs, columns=["file", "bytes", "sha256"])),
    ]


def time_per_rule(benchmarks: str | Path) -> pd.DataFrame:
    """Add up what Snakemake measured of each rule's jobs.

    Parameters
    ----------
    benchmarks
        Folder with a file, or a folder of files, for each rule.

    Returns
    -------
    DataFrame, one row per rule, the longest first
        rule, jobs, not_measured (how many of them left no time, as on a full disk), seconds (wall
        time of the others, one after the other), longest (of one job) and mebibytes (peak memory of
        one job); NaN where nothing was measured.
    """
    folder, rows = Path(benchmarks), []
    for path in sorted(folder.rglob("*.tsv")):
        name = path.relative_to(folder).parts[0].removesuffix(".tsv")
        rows.append((name, *read_benchmark(path)))
    jobs = pd.DataFrame(rows, columns=["rule", "seconds", "mebibytes"])
    rules = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        not_measured=("seconds", lambda seconds: seconds.isna().sum()),
        seconds=("seconds", lambda seconds: seconds.sum(min_count=1)),
        longest=("seconds", "max"),
        mebibytes=("mebibytes", "max"),
    )
    return rules.sort_values("seconds", ascending=False, kind="stable").reset_index()


def describe_time(rules: pd.DataFrame) -> str:
    """Return how many jobs took how long, of the table of `time_per_rule`, in words."""
    lost = rules["not_measured"].sum()
    measured = rules["jobs"].sum() - lost
    text = f"{measured:,} jobs took {rules['seconds'].sum():,.0f} seconds, one after the other."
    if not lost:
        return text
    return f"{text} Of {lost:,} more no time was kept: what Snakemake measured of them is lost."
