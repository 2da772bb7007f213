"""A job that was killed goes on where it stood, and takes nothing of another job."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import planted_drugs, unlike

from lacuna.classification import experiments
from lacuna.classification.experiments import run_experiments
from lacuna.classification.parts import resume
from lacuna.io import hdf5

LAYOUT = {"values": (hdf5.FLOATS, 1)}


def part(value, calls):
    def compute():
        calls.append(value)
        return {"values": np.full(3, float(value))}

    return compute


def test_a_part_is_made_once_for_each_start(tmp_path):
    calls = []
    for start in ("a", "b", "a"):
        found = resume(tmp_path / "work", (start, np.ones(2)), LAYOUT, part(len(calls), calls))
    assert calls == [0, 1]
    assert found["values"].tolist() == [0, 0, 0]
    resume(tmp_path / "work", ("a", np.zeros(2)), LAYOUT, part(7, calls))
    assert calls[-1] == 7
    resume(None, ("a", np.ones(2)), LAYOUT, part(8, calls))
    assert calls[-1] == 8


def test_a_damaged_part_is_made_again(tmp_path, capsys):
    calls = []
    resume(tmp_path, "a", LAYOUT, part(1, calls))
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    found = resume(tmp_path, "a", LAYOUT, part(2, calls))
    assert calls == [1, 2]
    assert found["values"].tolist() == [2, 2, 2]
    assert "made again" in capsys.readouterr().out


def test_experiments_that_were_killed_go_on_to_the_same_tables(tmp_path, monkeypatch):
    profiles, positive = planted_drugs()
    answers = pd.DataFrame({"ATC L": positive, "ATC M": ~positive}, profiles.drugs).astype(float)
    options = {"folds": 3, "trees": 10, "seed": 7, "similarity": unlike()}
    whole = run_experiments(profiles, answers, "nearest_neighbours", **options)
    done = 0
    ask = experiments.held_out_scores

    def killed(*arguments):
        nonlocal done
        done += 1
        if done == 12:  # two questions each, of measured and of completed profiles
            raise KeyboardInterrupt
        return ask(*arguments)

    monkeypatch.setattr(experiments, "held_out_scores", killed)
    with pytest.raises(KeyboardInterrupt):
        run_experiments(profiles, answers, "nearest_neighbours", **options, work=tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
    again = run_experiments(profiles, answers, "nearest_neighbours", **options, work=tmp_path)
    assert done == 12 + 2 * 5  # five profile types of two tasks, of which five were done
    pd.testing.assert_frame_equal(whole.table, again.table, check_dtype=False)
    for name in ("draws", "counts", "similar"):
        assert np.array_equal(getattr(whole, name), getattr(again, name), equal_nan=True)


TWO_PROCESSES = """
import sys
import pandas as pd
sys.path.insert(0, sys.argv[1])
from planted import planted_drugs, unlike
from lacuna.classification.experiments import run_experiments
profiles, positive = planted_drugs()
answers = pd.DataFrame({f"ATC {n}": positive for n in range(40)}, profiles.drugs).astype(float)
options = {"folds": 5, "trees": 20, "seed": 1, "similarity": unlike(), "jobs": 2}
run_experiments(profiles, answers, "random_forest", **options)
"""


def children_of(process):
    own = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in own if "LokyProcess" in command_of(child)]


def command_of(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def seconds_of(process):
    """CPU seconds, of which a hundredth is a tick."""
    return sum(map(int, Path(f"/proc/{process}/stat").read_text().split()[13:15])) / 100


def wait_for(condition, seconds=60):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.2)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into Linux's /proc")
def test_no_process_of_a_killed_job_goes_on():
    helpers = str(Path(__file__).parents[2] / "helpers")
    job = subprocess.Popen([sys.executable, "-c", TWO_PROCESSES, helpers])
    try:
        wait_for(lambda: len(children_of(job.pid)) == 2)
        children = children_of(job.pid)
        wait_for(lambda: all(seconds_of(child) > 3 for child in children))  # at work
    finally:
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
    wait_for(lambda: not any("LokyProcess" in command_of(child) for child in children))
