"""Real data for the tests that want it, and the table of faults that tests cause."""

import os
from pathlib import Path

import pandas as pd
import pytest

NO_DATA = "real data not found: set LACUNA_SHARED"
NO_BROWSER = "no chromium here: install it (apt-get install chromium)"


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
            about = item.module.__doc__.splitlines()[0]
            test = item.nodeid.split("[")[0].removeprefix("tests/")
            row = (about, *marker.args, test, item.location[1])
            item.user_properties.append(("fault", row))


def pytest_configure(config):
    if path := config.getoption("--reliability"):
        if config.option.markexpr != "fault" or config.option.keyword:
            raise pytest.UsageError("--reliability is for all faults and nothing else: -m fault")
        config.pluginmanager.register(Reliability(path))


class Reliability:
    """Writes what became of the faults that tests caused."""

    def __init__(self, path: Path):
        self.path, self.outcomes = path, {}

    def pytest_runtest_logreport(self, report):
        for name, row in report.user_properties:
            if name == "fault" and (report.when == "call" or report.outcome != "passed"):
                self.outcomes.setdefault(tuple(row), []).append(report.outcome)

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return  # with pytest-xdist, the one that gathers all reports writes
        found = pd.DataFrame(
            [(*row, outcomes) for row, outcomes in self.outcomes.items()],
            columns=["about", "fault", "comes", "test", "line", "outcomes"],
        )
        found["file"] = found["test"].str.split("::").str[0]
        text = RELIABILITY
        found["unit"] = found["file"].str.startswith("unit")  # whole runs come first
        rows_of = found.sort_values("line").groupby(["unit", "file", "about"])
        for (_, file, about), rows in rows_of:
            text += f"\n## {about.rstrip('.')}\n\n`tests/{file}`\n\n{COLUMNS}"
            for row in rows.itertuples():
                text += f"| {row.fault} | {row.comes} | `{row.test.split('::')[1]}` "
                text += f"| {summed(row.outcomes)} |\n"
        self.path.write_text(text + LIMITS)


def summed(outcomes):
    """Return the worst outcome, and of how many cases, if of several."""
    worst = next(word for word in ("failed", "skipped", "passed") if word in outcomes)
    return worst if len(outcomes) == 1 else f"{worst} ({len(outcomes)} cases)"


RELIABILITY = """# Reliability

Every fault below is really caused by a test. `make reliability` runs these tests and writes this
page of what became of them. A test enters it by
`@pytest.mark.fault("what is done", "what comes of it")`.
"""
COLUMNS = """| fault | what comes of it | test | result |
|---|---|---|---|
"""
LIMITS = """
## What no test does

- Cut the power: files are renamed into place, but not forced to the disk first.
- Fill or lose a network file system.
- Damage texts of varying length in a GCTX of the user's own: HDF5 may loop over them for ever.
  Our own files hold texts of one length only.
- Run a configuration with `__use_yte__: true`: Snakemake evaluates it as a template, with Python,
  before Lacuna sees it.
"""


LOUD = {  # why tests were skipped, and what that means
    NO_DATA: ("NOT TESTED ON REAL DATA", "to the folder whose sub-folder data/ holds lincs-mini/."),
    NO_BROWSER: ("THE PAGE WAS NOT TRIED IN A BROWSER", ""),
}


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, (heading, remedy) in LOUD.items():
        without = [report.nodeid for report in skipped if reason in str(report.longrepr)]
        if without:
            terminalreporter.section(heading, sep="!", red=True, bold=True)
            terminalreporter.line(f"{len(without)} tests were skipped; {reason}")
            terminalreporter.line(f"{remedy} Skipped:".strip())
            for test in without:
                terminalreporter.line(f"  {test}")
            terminalreporter.write_sep("!", red=True, bold=True)
