"""Real data for the tests that want it, and a loud word when they had to go without."""

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
