"""The last words of a run: each cause of a failure once, the message last; or where results are."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from lacuna.errors import LacunaError
from lacuna.project.ending import (
    GUIDE,
    SILENT,
    Failure,
    explain_failures,
    failures,
    told_alone,
    where_results_are,
)
from lacuna.project.plan import Plan
from lacuna.report import headline

TOLD = "Error: /mine/plates.gctx (series mine): column 'a', row '780' is nan."
TRACEBACK = "Traceback (most recent call last):\n  File 'x.py', line 1, in f\n    f()\n"


@pytest.fixture
def log(tmp_path):
    """Write the log of a job, and return what is known of the job."""

    def write(name, text, alone=True):
        path = tmp_path / f"{name}.log"
        path.write_text(text)
        return Failure(name, str(path), alone)

    return write


def job(rule, *logs):
    name = SimpleNamespace(name=rule)
    return SimpleNamespace(rule=name, log=list(logs), is_group=lambda: False)


def group(*jobs):
    return SimpleNamespace(jobs=list(jobs), is_group=lambda: True)


def test_jobs_and_groups_are_named_by_rule_and_log():
    found = failures({"a": job("b", "l2"), "b": group(job("a", "l1"), job("c"))}.values())
    assert found == [Failure("a", "l1", alone=False), Failure("b", "l2", alone=True)]


@pytest.mark.parametrize("before", ["", "reads wells\n", f"{TRACEBACK}lacuna.DamagedFile: x\n"])
def test_the_message_of_a_job_is_the_last_line(log, before):
    failed = log("make_signatures", f"{before}{TOLD}\n")
    told = explain_failures([failed], since=0)
    assert told == f"make_signatures (log: {failed.log}) failed.\n{TOLD}"


def test_a_message_of_several_lines_stays_whole(log):
    message = f"{TOLD}\n  and another\nthe last."
    assert explain_failures([log("a", f"{message}\n")], since=0).endswith(f"failed.\n{message}")


def test_one_cause_is_said_once_with_all_who_tell_it(log):
    failed = [log(f"job{number}", f"{TOLD}\n") for number in range(5)]
    told = explain_failures(failed, since=0)
    assert told.count(TOLD) == 1
    assert "job0 (log: " in told and "job2 (log: " in told
    assert "job3" not in told and ", 2 more failed." in told


def test_what_the_user_can_mend_comes_last(log):
    failed = [
        log("told", f"{TOLD}\n"),
        log("crashed", f"{TRACEBACK}ValueError: cannot reshape\nmore\n"),
        log("killed", "10 % done\n"),
    ]
    killed, crashed, told = explain_failures(failed, since=0).split("\n\n")
    assert told.endswith(TOLD)
    assert "Error: ValueError: cannot reshape: the program failed" in crashed
    assert killed.endswith(SILENT) and "killed (log: " in killed


def test_an_error_within_a_log_is_not_that_of_a_later_crash(log):
    told = explain_failures([log("a", f"{TOLD}\n{TRACEBACK}KeyError: 3\n")], since=0)
    assert TOLD not in told
    assert "KeyError: 3" in told


def test_after_ctrl_c_the_run_can_go_on(log):
    stopped = log("a", f"{TRACEBACK}KeyboardInterrupt\n")
    for jobs in ([stopped], []):  # Snakemake does not count jobs that Ctrl-C ended
        assert "same command goes on" in explain_failures(jobs, since=0)
    told = explain_failures([stopped, log("b", "Error: no table.\n")], since=0)
    assert "no table" in told and "goes on" not in told


def test_a_log_of_a_run_before_is_not_read(log, tmp_path):
    old = log("old", f"{TOLD}\n")
    now = (tmp_path / "old.log").stat().st_mtime
    assert explain_failures([old], since=now).endswith(TOLD)
    assert explain_failures([old], since=now + 60).endswith(SILENT)
    assert explain_failures([Failure("a", str(tmp_path / "none.log"))], 0).endswith(SILENT)


def test_of_a_group_those_are_named_that_say_why(log):
    quiet, told = log("quiet", "", alone=False), log("told", f"{TOLD}\n", alone=False)
    said = explain_failures([quiet, told], since=0)
    assert said == f"told (log: {told.log}) failed.\n{TOLD}"
    assert explain_failures([quiet], since=0) == f"quiet (log: {quiet.log}) failed.\n{SILENT}"


def test_of_a_long_log_the_end_is_read(log):
    assert explain_failures([log("a", "x\n" * 10**6 + f"{TOLD}\n")], since=0).endswith(TOLD)


def test_a_mistake_is_told_alone():
    with pytest.raises(SystemExit) as ended, told_alone():
        raise LacunaError("seed: 'abc'")
    assert ended.value.code == "Error: seed: 'abc'"
    with pytest.raises(KeyError), told_alone():
        raise KeyError("a fault of the program keeps its traceback")


def test_last_means_after_all_else_of_the_process():
    program = (
        "import sys\n"
        "from lacuna.project.ending import say_last\n"
        "say_last('')\n"
        "say_last('the cause')\n"
        "print('noise', file=sys.stderr)\n"
        "sys.exit('more noise')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "noise\nmore noise\n\nthe cause\n"


def test_a_finished_run_says_what_it_found_and_where_its_results_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(headline, "headline", lambda folder, config: [f"{folder}: r is 0.6."])
    plan = Plan.of({"dataset": "mine", "acquire": {"source": "simulator"}})
    assert where_results_are(plan, []) == ""  # nothing is named that is not there
    made = [plan.report, *plan.products, f"{plan.folder}/signatures/simulated.gctx", GUIDE]
    for path in made:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    for targets in ([], ["all"], [plan.report]):
        found, empty, *said = where_results_are(plan, targets).splitlines()
        assert (found, empty) == ("results/mine: r is 0.6.", "")
        assert [line.split(": ")[1] for line in said] == made
    assert where_results_are(plan, ["results/mine/tensor/large.h5"], ["completed/a.gctx"]) == ""
    *_, last = where_results_are(plan, [], ["completed/a.gctx"]).splitlines()
    assert last.startswith("A file in results/mine is none of this run's")


def test_a_run_with_an_index_names_a_page_and_a_command_to_ask(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan.of({"dataset": "mine", "acquire": {"source": "simulator"}})
    for path, text in {
        "explore/index.html": "",
        "explore/index.h5": "",
        "tensor/drugs.tsv": "drug\tname\nBRD 1\taspirin\nBRD 2\tx\n",
        "tensor/cells.tsv": "cell\nA375\n",
    }.items():
        (tmp_path / plan.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / plan.folder / path).write_text(text)
    assert where_results_are(plan, []).splitlines() == [
        "A page to ask, offline: results/mine/explore/index.html",
        "A command to ask: lacuna show 'BRD 1' A375 --dataset mine",
    ]
