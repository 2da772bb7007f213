"""The lock that a killed run left behind.

Snakemake locks a folder with files that outlive it when it is killed. They are removed when the run
that took the lock is gone for certain, and none of its jobs is known to run.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from lacuna.errors import LacunaError
from lacuna.io.process import Fate
from lacuna.project.lock_owner import BESIDE, LOCAL, Owner, owners

PATIENCE = 60  # seconds that a batch system has to answer


def remove_stale_lock(folder: Path) -> bool:
    """Remove the lock of a killed run, and return whether there was one.

    Parameters
    ----------
    folder
        Where Snakemake was started.

    Raises
    ------
    LacunaError
        If another run, or a job of a killed one, is alive in the folder, or may be where nobody can
        see it from here.
    """
    folder = folder.resolve()
    locks = folder / BESIDE
    found = {path: _state(path) for path in locks.glob("*")}
    if not found:
        return False
    holders = owners(locks)
    _respect_runs(holders, folder)
    _respect_processes(folder, {state.st_uid for state in found.values() if state})
    _respect_cluster(holders, folder)
    for path, state in found.items():
        if state and _is_as_it_was(path, state):  # not what a run has written since
            path.unlink(missing_ok=True)
    return True


def _respect_runs(holders: list[Owner], folder: Path) -> None:
    fates = [(holder, holder.process.fate()) for holder in holders]
    for holder, fate in fates:
        if fate is Fate.ALIVE:
            who = f"process {holder.process.pid}, since {holder.since}"
            raise _goes_on("Another run is", folder, who)
    if unseen := [_unseen(holder, fate) for holder, fate in fates if fate is not Fate.GONE]:
        raise LacunaError(
            f"{folder} is locked by {'; and by '.join(unseen)}. Whether it is alive cannot be seen "
            f"from here. Look there; if it is gone, remove its lock by hand: {_by_hand(folder)}"
        )


def _unseen(holder: Owner, fate: Fate) -> str:
    pid = holder.process.pid
    inside = fate is Fate.CONTAINED or holder.process.contained
    where = "a run in another container, or namespace of processes," if inside else "a run"
    return f"{where} on host {holder.host} (process {pid} there, since {holder.since}; ps -p {pid})"


def _respect_processes(folder: Path, users: set[int]) -> None:
    """Look at what runs here: a lock may have no owner, and jobs outlive a run that was killed."""
    running = list(_running_in(folder, users))
    for what, matches in (("Another run", _runs_snakemake), ("A job of a killed run", _is_job)):
        for process in filter(matches, running):
            seen = "is" if process["cwd"] else "may be"  # nobody says where it runs
            raise _goes_on(f"{what} {seen}", folder, f"process {process['pid']}")


def _respect_cluster(holders: list[Owner], folder: Path) -> None:
    """Ask for jobs that a killed run left on other hosts: of SLURM; others cannot be asked."""
    sent = [holder for holder in holders if holder.executor != LOCAL]
    if holders and not sent:
        return
    jobs = _slurm_jobs(folder)
    if jobs:
        raise LacunaError(
            f"SLURM still has jobs of a killed run in {folder}: {', '.join(jobs)}. Wait for them, "
            f"or cancel them: scancel {' '.join(jobs)}"
        )
    for holder in sent:
        if jobs is None or holder.executor != "slurm":
            raise LacunaError(
                f"The run that locked {folder} is gone ({holder}), but it sent its jobs elsewhere "
                f"({holder.executor}), and whether one is alive cannot be seen from here. Look "
                f"there; if none is, remove the lock by hand: {_by_hand(folder)}"
            )


def _slurm_jobs(folder: Path) -> list[str] | None:
    """Return the numbers of the jobs whose folder it is; None where no SLURM answers."""
    command = ["squeue", "--noheader", "--format=%A|%Z"]
    if not shutil.which(command[0]):
        return None
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode:
        return None
    jobs = (line.strip().split("|", 1) for line in answer.stdout.splitlines() if "|" in line)
    return [number for number, where in jobs if os.path.realpath(where) == str(folder)]


def _goes_on(what: str, folder: Path, who: str) -> LacunaError:
    return LacunaError(f"{what} going on in {folder} ({who}); wait for it or stop it.")


def _by_hand(folder: Path) -> str:
    return f"rm -r {shlex.quote(str(folder / BESIDE))}"


def _running_in(folder: Path, users: set[int]) -> Iterator[Mapping[str, Any]]:
    """Find the Pythons in the folder, and those of the users who locked it that hide theirs."""
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "exe", "uids"]):
        info = process.info
        hidden = info["cwd"] is None and info["uids"] is not None and info["uids"].real in users
        if (hidden or info["cwd"] == str(folder)) and _is_python(info):
            yield info


def _is_python(process: Mapping[str, Any]) -> bool:
    named = [process["exe"] or "", *(process["cmdline"] or [])[:1]]
    return any(Path(name).name.lower().startswith(("python", "pypy")) for name in named)


def _runs_snakemake(process: Mapping[str, Any]) -> bool:
    return any(Path(word).name == "snakemake" for word in process["cmdline"] or [])


def _is_job(process: Mapping[str, Any]) -> bool:
    return any("/.snakemake/scripts/" in word for word in process["cmdline"] or [])


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _is_as_it_was(path: Path, state: os.stat_result) -> bool:
    now = _state(path)
    return now is not None and (now.st_ino, now.st_mtime_ns) == (state.st_ino, state.st_mtime_ns)
