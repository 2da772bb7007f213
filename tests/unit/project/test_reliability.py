"""The page of faults: it has every fault of the tests, and says what became of each"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import reliability
from promised import PROMISES
from reliability import PAGE, Fault, in_step, marked, page, summed

ROOT = Path(__file__).parents[3]
TESTS = '''"""Some faults"""

import pytest


@pytest.mark.fault("a | b", "kept")
@pytest.mark.parametrize("case", [1, 2, 3])
def test_cases(case):
    assert case != 2


@pytest.mark.fault("a kill", "goes on", promise="locks")
@pytest.mark.fault("a second one", "goes on, too")
def test_two_marks():
    pass


BROKEN = pytest.mark.fault("a broken set-up", "named")


@BROKEN
def test_of_a_fixture(missing):
    pass


def test_of_no_fault():
    pass
'''


def test_the_page_has_every_fault_of_the_tests_and_no_other():
    text = PAGE.read_text()
    assert in_step(text) == text, "run: python tests/helpers/reliability.py"


def test_what_is_said_of_single_tests_counts_before_their_file():
    promise_of = reliability.promise_of
    assert promise_of("workflow/test_faults.py::test_a_killed_run") == "interrupted"
    assert promise_of("workflow/test_faults.py::test_a_second_run_is_refused") == "locks"


@pytest.fixture
def project(tmp_path):
    """A project with the tests above, and the conftest.py of this one."""
    for file in ("conftest.py", "helpers/reliability.py", "helpers/promised.py"):
        target = tmp_path / "tests" / file
        target.parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(ROOT / "tests" / file, target)
    (tmp_path / "tests/test_some.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["tests/helpers"]\n'
        'addopts = "--import-mode=importlib"\nmarkers = ["fault"]\n'
    )
    return tmp_path


def run_tests(project, *options):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--reliability=page.md", *options],
        cwd=project,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("options", [["-n", "2"], ["-m", "fault", "-p", "no:xdist"]])
def test_a_run_of_all_tests_writes_what_became_of_each_fault(project, options):
    done = run_tests(project, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    text = (project / "page.md").read_text()
    assert "| a \\| b | kept | `test_cases` in `test_some.py` | 1 of 3 cases failed |" in text
    of_locks = text.split(f"## {PROMISES['locks'].name}")[1].split("\n## ")[0]
    assert "| a kill | goes on | `test_two_marks` in `test_some.py` | passed |" in of_locks
    assert "| a second one | goes on, too | `test_two_marks` in `test_some.py` | passed |" in text
    assert "| a broken set-up | named | `test_of_a_fixture` in `test_some.py` | failed |" in text
    assert "test_of_no_fault" not in text
    assert ": 2 passed, 2 failed." in text


@pytest.mark.parametrize("some", [["-k", "cases"], ["tests/test_some.py"], ["-m", "not fault"]])
def test_a_run_of_some_tests_is_refused(project, some):
    assert run_tests(project, "-p", "no:xdist", *some).returncode == 4
    assert not (project / "page.md").exists()


def test_a_run_that_stops_early_writes_no_page(project):
    done = run_tests(project, "-p", "no:xdist", "-x")
    assert "THE PAGE OF FAULTS WAS NOT WRITTEN" in done.stdout
    assert "test_some.py::test_two_marks" in done.stdout
    assert not (project / "page.md").exists()


def test_a_mark_with_a_promise_that_is_none_is_named(tmp_path):
    (tmp_path / "test_a.py").write_text(TESTS.replace("locks", "luck"))
    with pytest.raises(ValueError, match=r"test_a.py::test_two_marks, line 12: .*luck is unknown"):
        marked(tmp_path)


def test_a_new_fault_is_called_not_run_and_results_stay(monkeypatch):
    old = Fault("a", "b", "locks", "unit/test_a.py::test_old")
    new = Fault("c", "d", "locks", "unit/test_a.py::test_new")
    text = page([old], {old.test: "passed (2 cases)"}, "at commit abc")
    monkeypatch.setattr(reliability, "marked", lambda: [old, new])
    again = in_step(text)
    assert f"{old.row} passed (2 cases) |" in again
    assert f"{new.row} not run |" in again
    assert "at commit abc: 1 passed, 1 not run." in again
    monkeypatch.setattr(reliability, "marked", lambda: [new])  # and one that is gone
    assert "test_old" not in in_step(again)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["passed"], "passed"),
        (["passed"] * 3, "passed (3 cases)"),
        (["passed", "failed", "failed"], "2 of 3 cases failed"),
        (["skipped", "passed"], "1 of 2 cases skipped"),
    ],
)
def test_cases_are_summed_by_the_worst(outcomes, said):
    assert summed(outcomes) == said
