"""Remove the lock that a killed run left behind: python -m lacuna.stale_lock.

Snakemake locks a folder with files that outlive it when it is killed. They are removed only when no
Snakemake runs in the folder.
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
    alive = [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline", "cwd"])
        if _runs_snakemake_in(process.info, folder)
    ]
    if alive:
        print(f"Another run is going on in {folder} (process {alive[0]}); wait for it or stop it.")
        return 1
    shutil.rmtree(locks)
    print(f"Removed the lock that a killed run left in {folder}.")
    return 0


def _runs_snakemake_in(process: dict, folder: Path) -> bool:
    command = process["cmdline"] or []
    called = any(Path(word).name == "snakemake" for word in command[:3])
    return called and process["cwd"] is not None and Path(process["cwd"]) == folder


if __name__ == "__main__":
    sys.exit(main(Path.cwd().resolve()))
