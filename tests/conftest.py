"""Real data for the tests that want it, and the table of faults that tests cause."""

import os
from pathlib import Path

import pytest

NO_DATA = "real data not found: set LACUNA_SHARED"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder data/ under LACUNA_SHARED, or under `shared` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    data = Path(os.environ.get("LACUNA_SHARED") or beside) / "data"
    if not data.is_dir():
        pytest.skip(NO_DATA)
    return data


def pytest_addoption(parser):
    parser.addoption("--reliability", type=Path, help="write the table of faults to this file")


def pytest_collection_modifyitems(items):
    for item in items:
        for marker in item.iter_markers("fault"):
            row = (*marker.args, item.nodeid.split("[")[0].removeprefix("tests/"))
            item.user_properties.append(("fault", row))


def pytest_configure(config):
    if path := config.getoption("--reliability"):
        config.pluginmanager.register(Reliability(path))


class Reliability:
    """Writes what became of the faults that tests caused."""

    def __init__(self, path: Path):
        self.path, self.rows = path, {}

    def pytest_runtest_logreport(self, report):
        for name, row in report.user_properties:
            if name == "fault" and (report.when == "call" or report.outcome != "passed"):
                self.rows.setdefault(tuple(row), []).append(report.outcome)

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return  # with pytest-xdist, the one that gathers all reports writes
        lines = [RELIABILITY]
        for (what, outcome, test), results in sorted(self.rows.items(), key=lambda row: row[0][2]):
            worst = next(word for word in ("failed", "skipped", "passed") if word in results)
            counted = worst if len(results) == 1 else f"{worst} ({len(results)} cases)"
            lines.append(f"| {what} | {outcome} | `{test}` | {counted} |")
        self.path.write_text("\n".join(lines) + "\n")


RELIABILITY = """# Reliability

Every fault below is really caused by a test. `make reliability` runs these tests and writes this
table of what became of them. A test enters it by the marker
`@pytest.mark.fault("what is done", "what comes of it")`.

| fault | what comes of it | test | result |
|---|---|---|---|"""


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    without = [report.nodeid for report in skipped if NO_DATA in str(report.longrepr)]
    if without:
        terminalreporter.section("NOT TESTED ON REAL DATA", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(without)} tests were skipped; {NO_DATA}")
        terminalreporter.line("to the folder whose sub-folder data/ holds lincs-mini/. Skipped:")
        for test in without:
            terminalreporter.line(f"  {test}")
        terminalreporter.write_sep("!", red=True, bold=True)
