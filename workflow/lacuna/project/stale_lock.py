"""Remove the lock that a killed run left behind: python -m lacuna.project.stale_lock.

Snakemake locks a folder with files that outlive it when it is killed. They are removed only when
neither Snakemake nor one of its jobs runs in the folder.
"""

import shutil
import sys
from pathlib import Path

import psutil


def main(folder: Path) -> int:
    """Remove a stale lock of the folder; return 1 when another run is alive there."""
    locks = folder / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return 0
    here = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline", "cwd"])
        if process.info["cwd"] is not None and Path(process.info["cwd"]) == folder
    ]
    for what, is_it in (("Another run", _runs_snakemake), ("A job of a killed run", _is_job)):
        for process in filter(is_it, here):
            print(f"{what} is going on in {folder} (process {process['pid']}); ", end="")
            print("wait for it or stop it.")
            return 1
    shutil.rmtree(locks)
    print(f"Removed the lock that a killed run left in {folder}.")
    return 0


def _runs_snakemake(process: dict) -> bool:
    return any(Path(word).name == "snakemake" for word in (process["cmdline"] or [])[:3])


def _is_job(process: dict) -> bool:
    return any("/.snakemake/scripts/" in word for word in (process["cmdline"] or [])[:3])


if __name__ == "__main__":
    sys.exit(main(Path.cwd().resolve()))
