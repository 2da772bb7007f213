"""A finished run made again, and compared: `lacuna reproduce DATASET --cores 2`.

The stored configuration is run in a fresh folder, with today's code and versions; the stored
results stay as they are.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import yaml

from lacuna.acquire.files import change_files, file_name
from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.project.config import prepare
from lacuna.project.plan import all_figures
from lacuna.project.provenance import provenance

# Tables and products of all stages, at any depth below results/{dataset}; not what tells of time.
COMPARED = ("*.tsv", "*.tsv.gz", "completed/*.gctx", "completed/*.h5ad")
NOT_COMPARED = ("benchmarks", "logs", "sums")


def reproduce(project: Path, dataset: str, cores: int) -> bool:
    """Run a dataset again from its stored configuration, and say what came out differently.

    Parameters
    ----------
    project
        The folder of the Snakefile and of `results`.
    dataset
        Whose run.
    cores
        For Snakemake.

    Returns
    -------
    bool
        Whether every table and every completed tensor was made again, the same byte by byte.

    Raises
    ------
    LacunaError
        If there is no finished run of the dataset, or it does not finish again.
    """
    stored = project / "results" / dataset
    record = stored / "provenance.yaml"
    if not record.is_file():
        raise LacunaError(
            f"{record}: no such file. Expected a finished run of {dataset!r}; make one first, or "
            "name another: make reproduce DATASET=..."
        )
    then = yaml.safe_load(record.read_text())
    now = provenance(then["seed"], [project / path for path in then["inputs"]], project)
    now["inputs"] = {_below(project, Path(path)): found for path, found in now["inputs"].items()}
    lines = differences(then, now)
    print("\n  ".join(["Other than when the results were made:", *lines]) if lines else "As then.")
    fresh = Path(tempfile.mkdtemp(prefix=f"reproduce-{dataset}-", dir=project / "results"))
    print(f"Running {dataset} again in {fresh}.", flush=True)
    _run(project, stored, fresh, cores)
    again = fresh / "results" / dataset
    return _compare(stored, again, fresh)


def _below(project: Path, path: Path) -> str:
    """Return a path as a record has it: of the project, or absolute where the user said so."""
    return str(path.relative_to(project) if path.is_relative_to(project) else path)


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Name what differs between two records of `provenance`, one line each."""
    pairs = [
        ("git commit", then["code"]["commit"], now["code"]["commit"]),
        ("code, SHA-256", then["code"]["sha256"], now["code"]["sha256"]),
        ("platform", then["platform"], now["platform"]),
        *(
            (name, then["versions"].get(name), now["versions"].get(name))
            for name in {**then["versions"], **now["versions"]}
        ),
    ]
    lines = [f"{what}: {old} then, {new} now" for what, old, new in pairs if old != new]
    for when, code in (("then", then["code"]), ("now", now["code"])):
        if code["changed"]:
            lines.append(f"not as committed {when}: {', '.join(code['changed'])}")
    for path, old in then["inputs"].items():
        new = now["inputs"].get(path)
        if new is None:
            lines.append(f"input {path}: gone, so it is acquired anew")
        elif new != old:
            lines.append(f"input {path}: SHA-256 {old['sha256']} then, {new['sha256']} now")
    return lines


def _run(project: Path, stored: Path, fresh: Path, cores: int) -> None:
    config = prepare(yaml.safe_load((stored / "config.yaml").read_text()))
    _take_acquired(config, project, stored / "acquire")
    shutil.copytree(project / "resources", fresh / "resources")
    configfile = fresh / "config.yaml"
    configfile.write_text(yaml.safe_dump(config, sort_keys=False))
    command = [
        *(sys.executable, "-m", "snakemake", "results", "--cores", cores, "--directory", fresh),
        *("--snakefile", project / "Snakefile", "--configfile", configfile),
    ]
    if subprocess.run(list(map(str, command)), cwd=project).returncode:
        raise LacunaError(
            f"{fresh}: the run did not finish again, for the reason above; the stored results are "
            "as they were. Remove the folder when you are done with it."
        )


def _take_acquired(config: dict[str, Any], project: Path, acquired: Path) -> None:
    """Have the run take the files that were acquired; what is downloaded once, is not again.

    Other paths are those of the project, from wherever the run is started.
    """

    def taken(folder: str, file: Any, at: str) -> Any:
        name = file_name(file, at)
        held = acquired / folder / name
        if held.is_file():
            said = file if isinstance(file, dict) else {}
            return {**said, "file": name, "path": str(held)}
        if isinstance(file, dict) and "path" in file:
            return file | {"path": str(project / os.path.expanduser(file["path"]))}
        return file

    mirrors = [str(project / mirror) for mirror in Inputs.of(config).mirrors]
    config["acquire"] = change_files(config["acquire"], taken) | {"mirror": mirrors}
    if config["predict"]["drugs"]:
        config["predict"]["drugs"] = str(project / config["predict"]["drugs"])


def _compare(stored: Path, again: Path, fresh: Path) -> bool:
    old, new = _compared(stored), _compared(again)
    differ = [
        name
        for name in sorted(new)
        if name not in old or not filecmp.cmp(stored / name, again / name, shallow=False)
    ]
    lost = sorted(old - new)
    if lost:
        print(f"{len(lost)} stored tables were not made again; the code has lost them, or they are")
        print("left over from another configuration, and then to be removed:")
        print("".join(f"  {name}\n" for name in lost), end="")
    if not differ and not lost:
        print(f"All {len(new)} tables and completed tensors are the same, byte by byte.")
        shutil.rmtree(fresh)
        return True
    count = f"{len(differ)} of {len(new)} tables and completed tensors differ"
    print(f"{count}:" if differ else f"{count}.")
    for name in differ:
        print(f"  {name}" if name in old else f"  {name}: not among the stored results")
    print(f"Compare {stored} with {again}; remove {fresh} when you are done with it.")
    return False


def is_timed(file: PurePath) -> bool:
    """Return whether a file below results/{dataset} tells of time, which no two runs share."""
    return file.parts[0] in NOT_COMPARED or file.with_suffix("").as_posix() in _timed_figures()


@cache
def _timed_figures() -> set[str]:
    return {figure.path for figure in all_figures() if figure.card.timed}


def _compared(results: Path) -> set[str]:
    names = {path.relative_to(results) for kind in COMPARED for path in results.rglob(kind)}
    return {str(name) for name in names if not is_timed(name)}
