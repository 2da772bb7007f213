"""What a run says on the terminal: one line a job, the slow ones by name, errors in full."""

import io
import logging
from types import SimpleNamespace

import pytest
import yaml
from project import ROOT, TINY, overlay

from lacuna.project import console as module
from lacuna.project.console import SLOW, Console, speak_in_words
from lacuna.project.plan import Plan
from lacuna.project.time_left import Durations, Task

PLAN = Plan.of(overlay(yaml.safe_load((ROOT / "config/config.yaml").read_text()), TINY))
TEXTS = {"complete_tensor": "{method} completes the tensor", "make_folds": None}
METHODS = {1: "kernel", 2: "blend", 3: "dnpp", 4: "falrtc", 5: "mean_1d"}
TASKS = {
    **{n: Task("complete_tensor", f"complete_tensor/{m}", frozenset()) for n, m in METHODS.items()},
    6: Task("all", "", frozenset(METHODS)),
}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(
        module,
        "time",
        SimpleNamespace(monotonic=lambda: clock.now, strftime=lambda form: "18:40:12"),
    )
    return clock


def make_console(stream=None, durations=None, cores=2, dry_run=False, tasks=TASKS):
    usual = logging.StreamHandler(stream or io.StringIO())
    made = Console(
        usual,
        PLAN,
        texts=TEXTS.get,
        tasks=lambda: tasks,
        durations=lambda: durations or Durations(),
        cores=lambda: cores,
        results=lambda: "Report: here",
        dry_run=dry_run,
    )
    made.ended.set()  # so that its thread ends at once, and `tick` is called by tests alone
    return made


def tell(console, message="", event=None, level=logging.INFO, **facts):
    record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    record.__dict__ |= {"event": event, **facts}
    console.handle(record)


def start(console, number):
    wildcards = {"dataset": "demo", "method": METHODS[number]}
    facts = {"jobid": number, "rule_name": "complete_tensor", "wildcards": wildcards}
    tell(console, "Rule: complete_tensor, Jobid: 1", "job_info", reason="Missing output", **facts)


def finish(console, number):
    tell(console, f"Finished jobid: {number}", "job_finished", job_id=number)


def lines(console):
    return console.stream.getvalue().splitlines()


def test_a_job_is_one_line_in_words(clock):
    console = make_console()
    tell(console, "Building DAG of jobs...")
    tell(console, "Job stats: ...", "run_info", stats={})
    tell(console, "Execute 2 jobs...", "job_started", jobs=[1, 2])
    start(console, 1)
    start(console, 2)
    clock.now += 12
    finish(console, 1)
    tell(console, None, "progress", done=1, total=6)
    finish(console, 2)
    assert lines(console) == [
        "6 jobs to do on 2 cores.",
        "1 of 6  Kernel completes the tensor (12 s)",
        "2 of 6  Blend completes the tensor (12 s)",
    ]
    for number in (3, 4, 5):
        start(console, number)
        finish(console, number)
    tell(console, "rule all", "job_info", jobid=6, rule_name="all", wildcards={})
    finish(console, 6)
    tell(console, "Elapsed time: 0:00:12.3")
    assert lines(console)[-2:] == [
        "5 of 6  1D-Mean completes the tensor (0 s)",
        "6 of 6 jobs done in 12 s.",
    ]


def test_time_left_is_told_from_the_start_where_a_run_before_took_it(clock):
    earlier = {f"complete_tensor/{method}": [60.0] for method in METHODS.values()}
    console = make_console(durations=Durations(earlier))
    tell(console, "stats", "run_info", stats={})
    assert lines(console) == ["6 jobs to do on 2 cores, about 3 min left."]


def test_on_a_cluster_nobody_knows_how_long_the_queue_is(clock):
    console = make_console(durations=Durations({"complete_tensor/kernel": [60.0]}), cores=None)
    tell(console, "stats", "run_info", stats={})
    start(console, 1)
    clock.now += SLOW
    console.tick()
    finish(console, 1)
    assert lines(console) == [
        "6 jobs to do on a cluster.",
        "0 of 6  Submitted: Kernel completes the tensor (30 s, since 18:40:12)",
        "1 of 6  Kernel completes the tensor (30 s)",
    ]


def test_slow_jobs_are_named_after_a_while_of_silence(clock):
    console = make_console(cores=4)
    tell(console, "stats", "run_info", stats={})
    for number in METHODS:
        start(console, number)
        clock.now += 1
    clock.now += SLOW - 6
    console.tick()
    assert len(lines(console)) == 1  # none is slow yet
    clock.now += 1
    console.tick()
    console.tick()
    clock.now += SLOW - 1
    console.tick()
    assert lines(console)[1:] == [
        "0 of 6  Running: Kernel completes the tensor (30 s, since 18:40:12); Blend completes the "
        "tensor (29 s, since 18:40:12); DNPP completes the tensor (28 s, since 18:40:12); 2 more"
    ]
    finish(console, 1)
    clock.now += SLOW
    console.tick()
    assert "Kernel" not in lines(console)[-1] and "Blend" in lines(console)[-1]


def test_where_nothing_is_to_be_done_it_is_said_where_results_are(clock):
    for dry_run, told in ((False, ["Report: here"]), (True, [])):
        console = make_console(dry_run=dry_run)
        tell(console, "Nothing to be done (all requested files are present).")
        assert lines(console)[1:] == told


def test_errors_and_what_is_not_known_are_told_in_full(clock):
    console = make_console()
    tell(console, "stats", "run_info", stats={})
    start(console, 1)
    tell(console, "Error in rule complete_tensor", "job_error", logging.ERROR, jobid=1)
    tell(console, "a warning", level=logging.WARNING)
    tell(console, "Complete log(s): .snakemake/log/x")
    clock.now += 2 * SLOW
    console.tick()
    assert lines(console)[1:] == [
        "Error in rule complete_tensor",
        "a warning",
        "Complete log(s): .snakemake/log/x",
    ]  # and what failed runs no more


def test_a_dry_run_is_a_table_of_rules(clock):
    tasks = {
        n: task._replace(wildcards={"method": METHODS.get(n, "")}) for n, task in TASKS.items()
    }
    figures = {
        n: Task(f"draw_{name}", "", frozenset()) for n, name in ((7, "density"), (8, "parts"))
    }
    console = make_console(dry_run=True, cores=1, tasks=tasks | figures)
    tell(console, "stats", "run_info", stats={})
    start(console, 1)
    tell(console, "stats", "run_info", stats={})
    tell(console, "Reasons:\n    (check individual jobs above for details)")
    tell(console, "This was a dry-run (flag -n).")
    assert lines(console) == [
        " jobs  rule             what it does",
        "    5  complete_tensor  <method> completes the tensor",
        "    1  all              all",
        "    2  draw_...         Draw figures",
        "    8  in all",
        "Nothing was made: this was a dry run. `-n -p` prints every job, and why it is to run.",
    ]


def test_on_a_terminal_one_line_says_what_runs_below_what_is_done(clock):
    console = make_console(Terminal())
    tell(console, "stats", "run_info", stats={})
    start(console, 1)
    clock.now += 61
    console.tick()
    assert lines(console)[-1].split("\r")[-1].strip() == (
        "0 of 6  Running: Kernel completes the tensor (1 min)"
    )
    finish(console, 1)
    console.close()
    last = console.stream.getvalue().split("\r")
    assert any(part.startswith("1 of 6  Kernel completes the tensor (1 min)\n") for part in last)
    assert last[-1].strip() == ""


def test_a_fault_of_the_console_does_not_end_the_run(clock, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    console = make_console(tasks=None)
    tell(console, "stats", "run_info", stats={})
    tell(console, "said all the same", level=logging.WARNING)
    assert lines(console) == ["said all the same"]


def fake_workflow(snakefile=ROOT / "Snakefile", handler=module.USUAL, main=True, **asked):
    logger = logging.Logger("snakemake")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.handlers[0].name = handler
    settings = dict.fromkeys(["quiet", "verbose", "printshellcmds", "debug_dag", "dryrun"])
    return SimpleNamespace(
        output_settings=SimpleNamespace(**settings | asked),
        logger_manager=SimpleNamespace(logger=logger),
        main_snakefile=str(snakefile),
        is_main_process=main,
    )


def test_words_stand_in_place_of_what_snakemake_prints(clock):
    workflow = fake_workflow()
    speak_in_words(workflow, PLAN, list)
    [handler] = workflow.logger_manager.logger.handlers
    assert isinstance(handler, Console)


@pytest.mark.parametrize(
    "given",
    [
        {"quiet": {"rules"}},
        {"verbose": True},
        {"printshellcmds": True},
        {"debug_dag": True},
        {"handler": "of a plugin"},
        {"main": False},
        {"snakefile": "elsewhere/Snakefile"},
    ],
)
def test_what_the_user_asks_of_snakemake_wins(given):
    workflow = fake_workflow(**given)
    before = list(workflow.logger_manager.logger.handlers)
    speak_in_words(workflow, PLAN, list)
    assert workflow.logger_manager.logger.handlers == before
