"""How much longer a run will take: from what such jobs took in this run, and in earlier ones.

Jobs are of one kind where nothing but numbers (folds, draws, seeds) tells them apart. What a kind
takes is asked of this data set first. Other data sets are larger or smaller: what their jobs took
counts in proportion, as soon as some kinds are known here and there.
"""

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType
from typing import NamedTuple

from lacuna.io.benchmarks import read_seconds

FEW_IN_COMMON = 3  # kinds by which the size of another data set is judged
ENOUGH_ALIKE = 3  # kinds of a rule that were seen, for a further one to be believed alike
# Nothing is foretold before half of what is left is of a kind that is known, or half is done.
FIRST_SHARE = 1 / 2
OVERDUE = 1 / 4  # a job that takes longer than expected takes so much of its time so far again


class Task(NamedTuple):
    """A job of a run.

    Attributes
    ----------
    rule : str
    kind : str
        What it has in common with the jobs that take about as long, see `kind_of`; empty for a job
        that takes no time, as of a rule that only names files.
    after : frozenset of int
        The numbers of the jobs that it waits for.
    wildcards : mapping
        Values by name.
    """

    rule: str
    kind: str
    after: frozenset[int]
    wildcards: Mapping[str, str] = MappingProxyType({})


class Expected(NamedTuple):
    """The seconds that a job is expected to take, and whether enough jobs like it were seen."""

    seconds: float
    sure: bool


def kind_of(benchmark: str) -> str:
    """Return the kind of a job: its benchmark file below results/{dataset}, without numbers."""
    _, _, below = benchmark.partition("/benchmarks/")
    return re.sub(r"\d+", "#", below.removesuffix(".tsv"))


class Durations:
    """What jobs took, by kind.

    Parameters
    ----------
    here
        Seconds of jobs of the same data set, by kind: those of earlier runs.
    elsewhere
        The same of other data sets, one mapping each.
    """

    def __init__(
        self,
        here: Mapping[str, Iterable[float]] | None = None,
        elsewhere: Iterable[Mapping[str, Iterable[float]]] = (),
    ):
        self._earlier = {kind: mean(took) for kind, took in (here or {}).items()}
        self._elsewhere = [
            {kind: mean(took) for kind, took in of_one.items()} for of_one in elsewhere
        ]
        self._now: dict[str, list[float]] = defaultdict(list)

    @classmethod
    def of_results(cls, results: Path, dataset: str) -> "Durations":
        """Read what Snakemake measured in earlier runs, below results/*/benchmarks."""
        folders = sorted(path for path in results.glob("*/benchmarks") if path.is_dir())
        found = {folder.parent.name: dict(_read(folder)) for folder in folders}
        return cls(found.pop(dataset, {}), found.values())

    def learn(self, kind: str, seconds: float) -> None:
        """Take in what a job of this run took."""
        self._now[kind].append(seconds)

    def known(self) -> dict[str, float]:
        """Return the seconds of the kinds that were seen, in this data set or in others."""
        here = self._earlier | {kind: mean(took) for kind, took in self._now.items()}
        return self._scaled(here) | here

    def expected(self, kinds: Iterable[str]) -> dict[str, "Expected"]:
        """Return what a job of each kind is expected to take.

        A kind that was not seen takes what others of its rule took, or of rules that do the same to
        other things, such as to draw or to tabulate; a kind of which nothing is known is left out.
        """
        groups: dict[str, list[float]] = defaultdict(list)
        for kind, seconds in self.known().items():
            for name in _names(kind):
                groups[name].append(seconds)
        found = {}
        for kind in set(kinds):
            if named := [name for name in _names(kind) if name in groups]:
                took = groups[named[0]]
                sure = named[0].startswith("kind ") or len(took) >= ENOUGH_ALIKE
                found[kind] = Expected(mean(took), sure)
        return found

    def _scaled(self, here: Mapping[str, float]) -> dict[str, float]:
        found: dict[str, list[float]] = defaultdict(list)
        for there in self._elsewhere:
            ratios = [here[kind] / there[kind] for kind in here.keys() & there if there[kind] > 0]
            if len(ratios) >= FEW_IN_COMMON:
                for kind, seconds in there.items():
                    found[kind].append(seconds * median(ratios))
        return {kind: median(seconds) for kind, seconds in found.items()}


def seconds_left(
    tasks: Mapping[int, Task],
    done: Set[int],
    running: Mapping[int, float],
    durations: Durations,
    cores: int,
) -> float | None:
    """Return how many seconds a run will take from now on.

    It plays the rest of the run through: whenever a core is free, the longest job that waits for
    no other starts.

    Parameters
    ----------
    tasks
        All jobs of the run, by number.
    done
        Those that are finished.
    running
        For how many seconds each of the others has been running.
    durations
        What such jobs took.
    cores
        How many jobs run side by side.

    Returns
    -------
    float or None
        None where too little is known to say anything.
    """
    left = {number: task for number, task in tasks.items() if number not in done}
    kinds = [task.kind for task in left.values() if task.kind]
    known, expected = durations.known(), durations.expected(kinds)
    sure = sum(kind in expected and expected[kind].sure for kind in kinds)
    too_little = sure < len(kinds) / 2 and len(done) < FIRST_SHARE * len(tasks)
    if not kinds or not known or too_little:
        return None
    usual = Expected(mean(known.values()), False)
    takes = {
        number: expected.get(task.kind, usual).seconds if task.kind else 0.0
        for number, task in left.items()
    }

    waits = {number: len(task.after & left.keys()) for number, task in left.items()}
    follow = defaultdict(list)
    for number, task in left.items():
        for earlier in task.after & left.keys():
            follow[earlier].append(number)
    ends = [
        (max(takes[number] - since, OVERDUE * since), number)
        for number, since in running.items()
        if number in left
    ]
    heapq.heapify(ends)
    going = {number for _, number in ends}
    ready = [(-takes[n], n) for n, count in waits.items() if not count and n not in going]
    heapq.heapify(ready)
    now = 0.0
    while ready or ends:
        while ready and len(ends) < max(cores, 1):
            _, number = heapq.heappop(ready)
            heapq.heappush(ends, (now + takes[number], number))
        now, ended = heapq.heappop(ends)
        for number in follow[ended]:
            waits[number] -= 1
            if not waits[number]:
                heapq.heappush(ready, (-takes[number], number))
    return now


def in_words(seconds: float) -> str:
    """Return a time in words, no finer than it matters: 40 s, 3 min, 1 h 20 min."""
    if seconds < 59.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"


def about(seconds: float) -> str:
    """Return an estimate in words, rounded up to what can be known: about 40 s, about 3 min."""
    step = 10 if seconds < 60 else 60 if seconds < 600 else 300 if seconds < 3600 else 600
    return f"about {in_words(max(step, math.ceil(seconds / step) * step))}"


def _names(kind: str) -> Iterator[str]:
    """Yield the kind, then its rule, then what the rule does, as the verb in its name says."""
    yield f"kind {kind}"
    rule = kind.partition("/")[0]
    yield f"rule {rule}"
    yield f"verb {rule.partition('_')[0]}"


def _read(folder: Path) -> Iterator[tuple[str, list[float]]]:
    took: dict[str, list[float]] = defaultdict(list)
    for path in folder.rglob("*.tsv"):
        seconds = read_seconds(path)
        if seconds is not None:
            took[kind_of(path.as_posix())].append(seconds)
    yield from took.items()
