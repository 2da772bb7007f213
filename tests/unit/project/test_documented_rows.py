"""The tests that the pages name for the rows of their papers are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = {"docs/translation.md": "R", "docs/retrieval.md": "X", "docs/single_cell.md": "C"}
LAST = {"R": 12, "X": 12, "C": 13}
ROWS = [
    (page, *row)
    for page, letter in PAGES.items()
    for row in re.findall(rf"^\| ({letter}\d+) \|(.*)$", (ROOT / page).read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("page", PAGES)
def test_every_row_is_there(page):
    rows = [row for where, row, _ in ROWS if where == page]
    assert rows == [f"{PAGES[page]}{number}" for number in range(1, LAST[PAGES[page]] + 1)]


@pytest.mark.parametrize(("page", "row", "text"), ROWS)
def test_the_tests_of_a_row_are_there(page, row, text):
    named = re.findall(r"`((?:unit|workflow)/\S+\.py)(?:::(\w+))?`", text)
    assert named, row
    for file, test in named:
        code = (ROOT / "tests" / file).read_text()
        assert f"def {test}(" in code if test else "def test_" in code
