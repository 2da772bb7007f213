"""Real data for the tests that want it, and the page of faults that tests cause."""

import os
from pathlib import Path

import pytest
import reliability

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
    reliability.add_option(parser)


def pytest_configure(config):
    reliability.register(config)


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
