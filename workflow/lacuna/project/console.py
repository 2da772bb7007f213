"""What a run says on the terminal: one line a job in words, how much is left, what is slow.

It is a handler of Snakemake's log, in place of the one that prints all. The log below
.snakemake/log keeps everything, as it has a handler of its own; `quiet:` of a profile would silence
that one, too. A logger plugin would do the same, but Snakemake takes only one that is installed in
its Python: a profile that names another is refused.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from lacuna.project.ending import where_results_are
from lacuna.project.job_words import describe_job, describe_jobs
from lacuna.project.plan import Plan
from lacuna.project.time_left import Durations, Task, about, in_words, kind_of, seconds_left

USUAL = "DefaultStreamHandler"  # as Snakemake calls its own
SLOW = 30  # seconds after which a job is named while it runs, and between two such lines
MOST_NAMED = 3
FIGURES = "draw_..."  # the rules of all figures, in the table of a dry run
NOTHING = "Nothing to be done"
HERE = Path(__file__).resolve().parents[3]  # where the Snakefile lies
# What Snakemake says of itself, which nobody needs who runs it as it is meant.
CHATTER = (
    *("Building DAG of jobs", "Using shell:", "Group jobs:", "Select jobs to execute"),
    *("Conda environments: ignored", "Singularity containers: ignored"),
    *("Assuming unrestricted shared filesystem", "Storing output in storage"),
    *("Removing temporary output", "Would remove temporary output"),
    *("Reasons:", "Some jobs were triggered by", "Rules with provenance triggered"),
    *("This was a dry-run", "Elapsed time:"),
)


class Running(NamedTuple):
    """A job that was started: what it does in words, and when it started, by two clocks."""

    words: str
    since: float
    clock: str


class Console(logging.Handler):
    """Says in words what a run of Snakemake does.

    Parameters
    ----------
    usual
        Snakemake's own handler, which goes on to print warnings, errors and all that is not known
        here.
    plan
        Of the run.
    texts
        Returns the docstring of a rule, by name.
    tasks
        Returns the jobs of the run, by number, once Snakemake knows them.
    durations
        Returns what such jobs took before.
    cores
        Returns how many jobs run side by side; None where nobody knows, as on a cluster.
    results
        Returns where the results of a finished run are.
    dry_run
        Whether nothing is to be made.
    """

    def __init__(
        self,
        usual: logging.StreamHandler,
        plan: Plan,
        texts: Callable[[str], str | None],
        tasks: Callable[[], Mapping[int, Task]],
        durations: Callable[[], Durations],
        cores: Callable[[], int | None],
        results: Callable[[], str],
        dry_run: bool = False,
    ):
        super().__init__()
        self.usual, self.stream, self.plan, self.texts = usual, usual.stream, plan, texts
        self.find_tasks, self.find_durations, self.find_cores = tasks, durations, cores
        self.find_results, self.dry_run = results, dry_run
        self.tasks: Mapping[int, Task] = {}
        self.durations = Durations()
        self.cores: int | None = None
        self.running: dict[int, Running] = {}
        self.done: set[int] = set()
        self.started = self.said = time.monotonic()
        self.bar: tqdm | None = None
        self.ended = threading.Event()
        self.ticker: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record in words, pass it on to Snakemake's own handler, or drop it."""
        try:
            event = str(getattr(record, "event", None) or "")
            if record.levelno >= logging.WARNING:
                self.running.pop(getattr(record, "jobid", -1), None)
                self._pass_on(record)
            elif hasattr(self, f"_on_{event}"):
                getattr(self, f"_on_{event}")(record)
            elif not event and not str(record.msg).startswith(CHATTER):
                self._pass_on(record)
                if str(record.msg).startswith(NOTHING) and not self.dry_run:
                    self._say(self.find_results())
            elif str(record.msg).startswith("Elapsed time:") and self.done:
                took = in_words(time.monotonic() - self.started)
                self._say(f"{len(self.done)} of {len(self.tasks)} jobs done in {took}.")
        except Exception:  # of whatever kind: the run goes on
            self.handleError(record)

    def close(self) -> None:
        """End the lines about slow jobs, and remove the line that is updated."""
        self.ended.set()
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        super().close()

    def tick(self) -> None:
        """Say what is running, where that is slow and nothing was said for a while."""
        self.acquire()
        try:
            self._refresh()
            now = time.monotonic()
            slow = any(now - job.since >= SLOW for job in self.running.values())
            if self.bar is None and slow and now - self.said >= SLOW:
                self._say(f"{self._count()}  {self._state(clock=True)}")
        finally:
            self.release()

    def _on_run_info(self, record: logging.LogRecord) -> None:
        if self.tasks:  # said once: a dry run tells it twice
            return
        self.tasks, self.durations = self.find_tasks(), self.find_durations()
        self.cores = self.find_cores()
        if self.dry_run:
            return self._say_plan()
        self.started = time.monotonic()
        left = self._left()
        self._say(f"{len(self.tasks)} jobs to do {self._where()}{f', {left}' if left else ''}.")

    def _on_job_info(self, record: Any) -> None:
        if self.dry_run:
            return
        text = self.texts(record.rule_name)
        words = describe_job(self.plan, record.rule_name, text, record.wildcards)
        self.running[record.jobid] = Running(words, time.monotonic(), time.strftime("%H:%M:%S"))
        if self.ticker is None:
            self._start()
        self._refresh()

    def _on_job_finished(self, record: Any) -> None:
        job = self.running.pop(record.job_id, None)
        self.done.add(record.job_id)
        task = self.tasks.get(record.job_id)
        if job is None or (task is not None and not task.kind):
            return  # a rule that only names files
        took = time.monotonic() - job.since
        if task is not None:
            self.durations.learn(task.kind, took)
        left = self._left()
        self._say(f"{self._count()}  {job.words} ({in_words(took)}){f'; {left}' if left else ''}")
        self._refresh()

    def _start(self) -> None:
        """Begin to tell of slow jobs; on a terminal, in one line that is updated."""
        if self.stream.isatty():
            self.bar = tqdm(
                total=len(self.tasks),
                file=self.stream,
                bar_format="{desc}",
                dynamic_ncols=True,
                leave=False,
            )
        self.ticker = threading.Thread(target=self._watch, daemon=True, name="lacuna-console")
        self.ticker.start()

    def _watch(self) -> None:
        while not self.ended.wait(1):
            self.tick()

    def _refresh(self) -> None:
        if self.bar is not None:
            self.bar.set_description_str(f"{self._count()}  {self._state()}")

    def _count(self) -> str:
        total = str(len(self.tasks))
        return f"{len(self.done):>{len(total)}} of {total}"

    def _state(self, clock: bool = False) -> str:
        """Return how much time is left, and what is running, the longest first."""
        now = time.monotonic()
        jobs = sorted(self.running.values(), key=lambda job: job.since)
        named = [
            f"{job.words} ({in_words(now - job.since)}{f', since {job.clock}' if clock else ''})"
            for job in jobs[:MOST_NAMED]
        ]
        more = [f"{len(jobs) - MOST_NAMED} more"] if len(jobs) > MOST_NAMED else []
        state = "Running" if self.cores else "Submitted"
        told = [f"{state}: {'; '.join([*named, *more])}"] if jobs else []
        return "; ".join([*filter(None, [self._left()]), *told])

    def _left(self) -> str:
        if not self.cores:
            return ""
        now = time.monotonic()
        seconds = seconds_left(
            self.tasks,
            self.done,
            {number: now - job.since for number, job in self.running.items()},
            self.durations,
            self.cores,
        )
        return "" if seconds is None else f"{about(seconds)} left"

    def _where(self) -> str:
        if not self.cores:
            return "on a cluster"
        return "on one core" if self.cores == 1 else f"on {self.cores} cores"

    def _say_plan(self) -> None:
        """Print which rules a run would go through, and how often; all figures in one line."""
        of_rule: dict[str, list[Task]] = {}
        for task in self.tasks.values():
            drawn = task.rule in {figure.rule for figure in self.plan.figures.values()}
            of_rule.setdefault(FIGURES if drawn else task.rule, []).append(task)
        width = max(map(len, of_rule))
        lines = [f"{'jobs':>5}  {'rule':{width}}  what it does"]
        for rule, tasks in of_rule.items():
            text = "Draw figures" if rule == FIGURES else self.texts(rule)
            words = describe_jobs(self.plan, rule, text, [task.wildcards for task in tasks])
            lines.append(f"{len(tasks):5}  {rule:{width}}  {words}")
        left = self._left().removesuffix(" left")
        lines += [
            f"{len(self.tasks):5}  in all{f', {left} {self._where()}' if left else ''}",
            "Nothing was made: this was a dry run. `-n -p` prints every job, and why it is to run.",
        ]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        with self._above_the_bar():
            print(text, file=self.stream, flush=True)

    def _pass_on(self, record: logging.LogRecord) -> None:
        self.said = time.monotonic()
        with self._above_the_bar():
            self.usual.handle(record)

    @contextmanager
    def _above_the_bar(self) -> Iterator[None]:
        if self.bar is None:
            yield
        else:
            with tqdm.external_write_mode(file=self.stream):
                yield


def speak_in_words(workflow: Any, plan: Plan, leftovers: Callable[[], Iterable[str]]) -> None:
    """Have a run say in words what it does, unless its user asked Snakemake for more or less.

    With `--quiet`, `--verbose`, `--printshellcmds` or `--debug-dag`, with a logger of the user's
    choice, and as a module of another workflow, Snakemake prints as it does anywhere.

    Parameters
    ----------
    workflow
        Snakemake's, while it reads the rules.
    plan
        Of the run.
    leftovers
        Returns what lies among the results and is none of this run's, once its jobs are known.
    """
    asked, logger = workflow.output_settings, workflow.logger_manager.logger
    usual = next((one for one in logger.handlers if one.name == USUAL), None)
    as_module = Path(workflow.main_snakefile).resolve().parent != HERE
    chosen = asked.quiet or asked.verbose or asked.printshellcmds or asked.debug_dag
    if usual is None or as_module or chosen or not workflow.is_main_process:
        return
    logger.removeHandler(usual)
    logger.addHandler(
        Console(
            usual,
            plan,
            texts=lambda rule: workflow.get_rule(rule).docstring,
            tasks=lambda: _tasks(workflow.dag),
            durations=lambda: Durations.of_results(Path("results"), plan.dataset),
            cores=lambda: workflow.cores if workflow.local_exec else None,
            results=lambda: where_results_are(plan, workflow.dag_settings.targets, leftovers()),
            dry_run=asked.dryrun,
        )
    )


def _tasks(dag: Any) -> dict[int, Task]:
    """Return the jobs that a run is to do, in the order in which they can be done."""
    jobs = {*dag.needrun_jobs()}
    return {
        dag.jobid(job): Task(
            rule=job.rule.name,
            kind=kind_of(str(job.benchmark)) if job.benchmark else "",
            after=frozenset(dag.jobid(one) for one in dag.dependencies[job] if one in jobs),
            wildcards=dict(job.wildcards_dict),
        )
        for level in dag.toposorted(jobs)
        for job in sorted(level, key=str)
    }
