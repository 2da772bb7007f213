"""The lock that a killed run left behind.

Snakemake locks a folder with files that outlive it when it is killed. They are removed only when
neither Snakemake nor one of its jobs runs in the folder.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from lacuna.errors import LacunaError


def remove_stale_lock(folder: Path) -> bool:
    """Remove the lock of a killed run, and return whether there was one.

    Parameters
    ----------
    folder
        Where Snakemake was started.

    Raises
    ------
    LacunaError
        If another run, or a job of a killed one, is alive in the folder.
    """
    folder = folder.resolve()
    locks = folder / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return False
    here = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline", "cwd"])
        if process.info["cwd"] is not None and Path(process.info["cwd"]) == folder
    ]
    for what, matches in (("Another run", _runs_snakemake), ("A job of a killed run", _is_job)):
        for process in filter(matches, here):
            raise LacunaError(
                f"{what} is going on in {folder} (process {process['pid']}); "
                "wait for it or stop it."
            )
    shutil.rmtree(locks)
    return True


def _runs_snakemake(process: Mapping[str, Any]) -> bool:
    return any(Path(word).name == "snakemake" for word in _first_words(process))


def _is_job(process: Mapping[str, Any]) -> bool:
    return any("/.snakemake/scripts/" in word for word in _first_words(process))


def _first_words(process: Mapping[str, Any]) -> list[str]:
    return (process["cmdline"] or [])[:3]
