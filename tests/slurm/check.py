"""Runs the workflow on a real SLURM of one node, started here: make slurm-test, as root on Debian.

A small screen is run on this machine, then through profiles/slurm, and the results are compared.
Two stand-ins run as methods: `on_gpu` asks for a GPU but needs none, `hungry` needs more memory
than its first attempt is given.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import yaml

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from cluster import install, slurm
from project import NO_SPLITS, TINY, Project, overlay

from lacuna.project.reproduce import is_timed

STAND_INS = {
    "on_gpu": "def complete(observed, wanted, side, rng, *, device: str):",
    "hungry": """
import time

def complete(observed, wanted, side, rng):
    held = np.ones((1500, 2**20), np.uint8)  # 1500 MiB: more than one attempt's, less than two's
    time.sleep(5)
    del held""",
}
STAND_IN = """
import numpy as np
from lacuna.completion.methods import mean_1d
{head}
    return mean_1d.prepare(observed, wanted, side, rng)(wanted)
"""
SPLITS = NO_SPLITS | {"profiles": {"sizes": ["large"], "folds": 2}}
CONFIG = overlay(
    TINY,
    {
        "completion": {
            "methods": ["dnpp", *STAND_INS],
            "options": {"on_gpu": {"device": "cuda"}},
            "completed": ["on_gpu"],
        },
        "evaluation": {"folds_per_job": 1, "splits": SPLITS, "density": {"percents": []}},
        "classification": {"completed": []},
    },
)
PARTITIONS = {"partitions": {"cpu": {"max_threads": 64}, "gpu": {"max_gpu": 1}}}
# Snakemake waits 40 s before it asks for the state of jobs: too long for jobs of seconds.
OPTIONS = ["--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "5"]
# Pages that say when or how long, beside the files of `is_timed`; all else is to be the same.
TIMED = {"report.html", "report/snakemake.html", "report/pages/run.html"}


def project(folder: Path) -> Project:
    """Copy the project, with the stand-ins among its methods, and make Python take this copy."""
    made = Project(folder)
    for name, head in STAND_INS.items():
        path = folder / "workflow/lacuna/completion/methods" / f"{name}.py"
        path.write_text(STAND_IN.format(head=head))
    (folder / "partitions.yaml").write_text(yaml.safe_dump(PARTITIONS))
    os.environ["PYTHONPATH"] = str(folder / "workflow")
    return made


def results(made: Project) -> dict[str, bytes]:
    """Return every result of a run by its path, but what says when or how long."""
    folder = made.folder / "results" / "demo"
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    kept = [file for file in sorted(files) if str(file) not in TIMED and not is_timed(file)]
    return {str(file): (folder / file).read_bytes() for file in kept}


def queue() -> str:
    """Return the jobs that SLURM knows and that have not ended."""
    return subprocess.run(["squeue", "--noheader"], capture_output=True, text=True).stdout


def interrupt(made: Project, options: list[str]) -> None:
    """Start a run, and stop it as Ctrl-C does while jobs are under way."""
    running = made.start(*options)
    while not queue():
        assert running.poll() is None, running.communicate()[0]
        time.sleep(1)
    running.send_signal(signal.SIGINT)
    printed, _ = running.communicate(timeout=300)
    deadline = time.monotonic() + 300
    while queue():
        assert time.monotonic() < deadline, f"jobs outlive the run:\n{queue()}\n{printed}"
        time.sleep(1)


def check(given: str) -> None:
    """Print what each job was given, and compare it with what it should have been given."""
    tasks = [dict(word.split("=") for word in line.split()) for line in given.splitlines()]
    jobs = pd.DataFrame(tasks).drop_duplicates()
    print(f"\nWhat the jobs were given:\n{jobs.to_string(index=False)}")
    of_gpu = jobs["Comment"].str.contains("on_gpu")
    assert of_gpu.any()
    assert ((jobs["CUDA_VISIBLE_DEVICES"] != "none") == of_gpu).all()
    assert ((jobs["Partition"] == "gpu") == of_gpu).all()
    hungry = jobs[jobs["Comment"].str.contains("hungry")]
    memory = hungry["MinMemoryNode"].str.removesuffix("M").astype(int)
    asked = memory.groupby(hungry["Comment"]).agg(list)
    assert len(asked) and all(second == 2 * first for first, second in asked), asked


def main() -> None:
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit("make slurm-test installs and starts SLURM: it needs root, and Debian or Ubuntu.")
    # An end from outside is an error like any other: what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    try:
        compare()
    finally:
        for child in psutil.Process().children(recursive=True):
            child.kill()


def compare() -> None:
    """Run the screen here and through SLURM, and compare all there is to compare."""
    install()
    folder = Path(tempfile.mkdtemp(prefix="lacuna-slurm-"))
    print(f"in {folder}; it is kept if something fails")
    local = project(folder / "local")
    started = time.monotonic()
    local.run("--cores", "2", *local.configure(CONFIG))
    print(f"run on this machine: {time.monotonic() - started:.0f} s")
    cluster = project(folder / "cluster")
    options = [*OPTIONS, "--slurm-partition-config", "partitions.yaml"]
    options += cluster.configure(CONFIG)
    with slurm(folder / "slurm"):
        interrupt(cluster, options)
        print("interrupted: no job is left in the queue")
        started = time.monotonic()
        printed = cluster.run(*options)
        (folder / "printed.txt").write_text(printed)
        submitted = len(re.findall("has been submitted with SLURM jobid", printed))
        print(f"run again through SLURM: {time.monotonic() - started:.0f} s, {submitted} jobs")
    check((folder / "slurm/given.txt").read_text())
    expected, found = results(local), results(cluster)
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    differ = [name for name in expected if found[name] != expected[name]]
    assert not differ, differ
    print(f"\n{len(expected)} files of results are the same, byte by byte")
    shutil.rmtree(folder)
    print("slurm-test passed")


if __name__ == "__main__":
    main()
