"""The page of faults: every fault that a test causes, below the promise that it tries.

As a script, bring docs/reliability.md in step with the tests without running them: results stay,
and what has none yet is called `not run`.
"""

import ast
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from promised import NOT_PROMISED, OTHER, PROMISES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"
NOT_RUN = "not run"
MARK = "pytest.mark.fault"


@dataclass(frozen=True)
class Fault:
    """A mark `fault` of a test: what is done, what comes of it, and the promise it is about."""

    what: str
    outcome: str
    promise: str  # key of PROMISES
    test: str  # as pytest names it, below tests/, without cases

    @property
    def row(self) -> str:
        """The row of the page, without its result."""
        file, name = self.test.split("::", 1)
        cells = [self.what, self.outcome, f"`{name}` in `{file}`"]
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def marked(folder: Path = ROOT / "tests") -> list[Fault]:
    """Read all marks `fault` in a folder of tests: by promise, whole runs first, then as written.

    Raises
    ------
    ValueError
        If a mark has other than two texts, or a promise that is none.
    """
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        file = path.relative_to(folder).as_posix()
        text = path.read_text()
        if MARK not in text:
            continue  # most are without, and parsing takes its time
        nodes = list(ast.walk(ast.parse(text)))
        named = {  # a mark that several tests share
            target.id: node.value
            for node in nodes
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in nodes:
            for call in getattr(node, "decorator_list", []):
                if isinstance(call, ast.Name):
                    call = named.get(call.id)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == MARK:
                    found.append((call.lineno, _fault(call, f"{file}::{node.name}")))
    order = list(PROMISES)

    def place(item):
        line, fault = item
        file = fault.test.split("::")[0]
        return order.index(fault.promise), not file.startswith("workflow"), file, line

    return [fault for _, fault in sorted(found, key=place)]


def _fault(call: ast.Call, test: str) -> Fault:
    try:
        what, outcome = (ast.literal_eval(text) for text in call.args)
        named = {key.arg: ast.literal_eval(key.value) for key in call.keywords}
        promise = named.pop("promise", None) or promise_of(test)
        if named or promise not in PROMISES:
            raise ValueError(f"{named or promise} is unknown; promises: {', '.join(PROMISES)}")
    except ValueError as error:
        raise ValueError(f"{test}, line {call.lineno}: the mark fault: {error}") from None
    return Fault(what, outcome, promise, test)


def promise_of(test: str) -> str:
    """Return the promise that a test's faults are about, if the mark names none."""
    for of_one_test in (True, False):  # what is said of single tests counts first
        asked = test if of_one_test else test.split("::")[0]
        for key, promise in PROMISES.items():
            patterns = [each for each in promise.tests if ("::" in each) == of_one_test]
            if any(re.fullmatch(pattern, asked) for pattern in patterns):
                return key
    return OTHER


class Reliability:
    """Pytest's plugin: gather what becomes of faults in a run, and write the page at its end."""

    def __init__(self, path: Path):
        self.path, self.outcomes, self.lost = path, {}, []

    def pytest_runtest_logreport(self, report):
        if "fault" in report.keywords and (report.when == "call" or report.outcome != "passed"):
            test, _, case = report.nodeid.removeprefix("tests/").partition("[")
            cases = self.outcomes.setdefault(test, {})
            cases[case] = worst([report.outcome, *filter(None, [cases.get(case)])])

    def pytest_sessionfinish(self):
        faults = marked()
        self.lost = sorted({fault.test for fault in faults} - set(self.outcomes))
        if not self.lost:
            results = {test: summed(cases.values()) for test, cases in self.outcomes.items()}
            self.path.write_text(page(faults, results, where_run()))

    def pytest_terminal_summary(self, terminalreporter):
        if self.lost:
            terminalreporter.section("THE PAGE OF FAULTS WAS NOT WRITTEN", sep="!", red=True)
            terminalreporter.line(f"{len(self.lost)} tests of faults did not run, as:")
            for test in self.lost[:10]:
                terminalreporter.line(f"  {test}")


def worst(outcomes) -> str:
    return next(word for word in ("failed", "skipped", "passed") if word in outcomes)


def summed(outcomes) -> str:
    """Return the outcome, of how many cases if of several, and how many of these had it."""
    outcomes = list(outcomes)
    word = worst(outcomes)
    if len(outcomes) == 1:
        return word
    if len(set(outcomes)) == 1:
        return f"{word} ({len(outcomes)} cases)"
    return f"{outcomes.count(word)} of {len(outcomes)} cases {word}"


def where_run() -> str:
    """Say which code was tried, and where."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    versions = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"at commit {commit or 'unknown'}, {versions}"


def page(faults: list[Fault], results: dict[str, str], where: str) -> str:
    """Return the page: the promises, then the faults of each, then what is not promised."""
    text = HEAD
    for key, promise in PROMISES.items():
        of_it = [fault for fault in faults if fault.promise == key]
        outcomes = [results.get(fault.test, NOT_RUN) for fault in of_it]
        said = _count(outcomes) if of_it else "NOT TESTED"
        text += f"| [{promise.name}](#{_anchor(promise.name)}) | {promise.kept} | {said} |\n"
    every = [results.get(fault.test, NOT_RUN) for fault in faults]
    text += f"\n{RESULTS}{where}: {_count(every)}.\n"
    text += f"\n## Not promised\n\n{NOT_PROMISED}"
    for key, promise in PROMISES.items():
        rows = [fault for fault in faults if fault.promise == key]
        text += f"\n## {promise.name}\n\n{promise.kept}.\n" + (f"\n{COLUMNS}" if rows else "")
        for fault in rows:
            text += f"{fault.row} {results.get(fault.test, NOT_RUN)} |\n"
    return text


def _count(outcomes: list[str]) -> str:
    words = [
        next(word for word in ("failed", "skipped", "passed", NOT_RUN) if word in outcome)
        for outcome in outcomes
    ]
    kinds = [(word, words.count(word)) for word in ("passed", "failed", "skipped", NOT_RUN)]
    return ", ".join(f"{count} {word}" for word, count in kinds if count)


def _anchor(name: str) -> str:
    return re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")


def in_step(text: str) -> str:
    """Return the page with the faults that tests have now, and the results that it has."""
    faults = marked()
    results = {}
    for fault in faults:
        kept = re.search(f"^{re.escape(fault.row)} (.+) \\|$", text, re.MULTILINE)
        if kept:  # a test may have several marks, of which one is new
            results[fault.test] = kept[1]
    where = re.search(f"^{re.escape(RESULTS)}(.+): ", text, re.MULTILINE)
    return page(faults, results, where[1] if where else "at an earlier commit")


def add_option(parser):
    parser.addoption("--reliability", type=Path, help="write the page of faults to this file")


def register(config):
    path = config.getoption("--reliability")
    if path and not hasattr(config, "workerinput"):  # of pytest-xdist, the one that gathers
        some = config.option.keyword or config.option.file_or_dir
        if config.option.markexpr not in ("", "fault") or some:
            raise pytest.UsageError(
                "--reliability is for all faults: run all tests, or those with -m fault"
            )
        config.pluginmanager.register(Reliability(path))


HEAD = """# Reliability

What Lacuna promises of its results, and how that is tried: every fault below is really caused by a
test. Written by `make reliability`, which runs these tests alone, or `make test PAGE=1`, which
runs all; a test of the tests keeps its rows in step with them.

| promise | in short | faults |
|---|---|---|
"""
RESULTS = "Results of the last run, "
COLUMNS = """| what is caused | what comes of it | test | result |
|---|---|---|---|
"""

if __name__ == "__main__":
    PAGE.write_text(in_step(PAGE.read_text()))
