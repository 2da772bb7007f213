"""A copy of the project to run the workflow in, as a fresh clone would be."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from lacuna.project.code import MEMORY
from lacuna.project.code_graph import read_module, reader
from lacuna.project.config_schema import overlay
from lacuna.project.reproduce import is_timed

__all__ = ["METHODS", "NO_SPLITS", "PARTS", "ROOT", "TINY", "Project", "overlay"]
ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "profiles", "workflow", "config", "resources", "envs"]
METHODS = ["mean_1d", "dnpp", "falrtc", "kernel", "blend"]
TINY = {
    "acquire": {"simulator": {"drugs": 40, "cells": 4, "mechanisms": 5}},
    "tensor": {"small": {"drugs": 15, "cells": 3, "ranking_cells": 4}},
    "completion": {
        "methods": METHODS,
        "options": {"blend": {"members": ["additive", "kernel"]}},
        "completed": ["dnpp", "falrtc", "blend"],
    },
    "evaluation": {
        "folds_per_job": 2,
        "splits": {
            "profiles": {"sizes": ["large", "small"], "folds": 3},
            "drugs": {"folds": 2},
            "cells": {"sizes": []},
            "plates": {"folds": 2},
        },
        "density": {"percents": [10, 40, 60], "repeats": 2, "repeats_per_job": 2},
    },
    "classification": {"completed": ["dnpp"], "folds": 3, "trees": 10, "min_drugs_per_target": 5},
}
# Splits but the first that a run can do without.
NO_SPLITS = {split: {"sizes": []} for split in ("drugs", "cells", "plates")}


class Project:
    """The project's files in a folder of their own, and ways to run Snakemake there."""

    def __init__(self, folder: Path):
        self.folder, self.altered = folder, {}
        folder.mkdir(exist_ok=True)
        for part in PARTS:
            if (ROOT / part).is_dir():
                # What git ignores: compiled code, and checksums of runs here before.
                ignore = shutil.ignore_patterns("__pycache__", "recorded_checksums.tsv")
                shutil.copytree(ROOT / part, folder / part, ignore=ignore)
            else:
                shutil.copy(ROOT / part, folder / part)

    @classmethod
    def copy(cls, other: "Project", folder: Path) -> "Project":
        """Copy a project with all that was run there."""
        project = cls.__new__(cls)
        project.folder, project.altered = folder, {}
        shutil.copytree(other.folder, folder, symlinks=True, dirs_exist_ok=True)
        return project

    def alter(self, path: str, old: str, new: str) -> None:
        """Plant a fault in the project's own copy of the library, which it then uses.

        The workflow takes the library for unchanged: the fault is what happens to jobs, and no
        new code.
        """
        self.change(path, old, new)
        text = self.altered[self.folder / "workflow/lacuna" / path]
        file = self.folder / "workflow/lacuna" / path
        found, memory = file.stat(), self.folder / MEMORY
        kept = json.loads(memory.read_text()) if memory.exists() else {"files": {}}
        seen = [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
        kept["files"][str(file)] = {"seen": seen, "said": read_module(text.encode())}
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(kept | {"reader": reader()}))

    def change(self, path: str, old: str, new: str) -> None:
        """Change the project's own copy of the library, which it then uses, as `git pull` does."""
        file = self.folder / "workflow/lacuna" / path
        text = file.read_text()
        self.altered.setdefault(file, text)
        assert text.count(old) == 1, (path, old)
        file.write_text(text.replace(old, new))

    def restore(self) -> None:
        """Undo what `alter` did."""
        for file, text in self.altered.items():
            file.write_text(text)
        self.altered = {}

    def configure(self, config: dict, name: str = "test") -> list[str]:
        """Write a configuration; return the options that make Snakemake use it.

        One that names no data set is laid over the demo's.
        """
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(config))
        below = [] if "dataset" in config else ["config/config.yaml"]
        return ["--configfile", *below, str(path)]

    def start(self, *options: str, words: bool = False) -> subprocess.Popen:
        """Start Snakemake, in a process group of its own.

        It prints all that it has to say, for tests to count jobs in; or, as for users, in words.
        """
        printing = [] if words else ["--printshellcmds"]
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        if self.altered:
            env["PYTHONPATH"] = str(self.folder / "workflow")
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *printing, *options],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *options: str, fails: bool = False, words: bool = False) -> str:
        """Run Snakemake to its end and return what it printed."""
        running = self.start(*options, words=words)
        printed, _ = running.communicate()
        assert (running.returncode != 0) == fails, printed[-4000:]
        return printed

    def kill(self, running: subprocess.Popen, until: str | Callable[[], bool]) -> None:
        """Kill a run with all its jobs at a moment that `wait` waits for, as a power cut would."""
        self.wait(running, until)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()

    def wait(self, running: subprocess.Popen, until: str | Callable[[], bool]) -> None:
        """Wait until a file is there that a run makes, by a pattern, or something else holds."""
        came = until if callable(until) else lambda: any(self.folder.glob(until))
        deadline = time.monotonic() + 300
        while not came():
            assert time.monotonic() < deadline, f"waited in vain for {until}"
            assert running.poll() is None, running.communicate()[0][-4000:]
            time.sleep(0.05)

    def unlock(self) -> subprocess.CompletedProcess:
        """Do what `make demo` does first: remove the lock of a killed run."""
        command = [sys.executable, "-m", "lacuna.command", "unlock"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)

    def tables(self, dataset: str) -> dict[str, bytes]:
        """Return every table of a dataset, those that tell of time aside."""
        results = self.folder / "results" / dataset
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in sorted(results.rglob("*.tsv"))
            if not is_timed(path.relative_to(results))
        }

    def products(self, dataset: str) -> dict[str, bytes]:
        """Return the products of a dataset, and what is kept of the methods that made them."""
        made = sorted((self.folder / "results" / dataset / "completed").glob("*.*"))
        return {path.name: path.read_bytes() for path in made}
