"""The tests that the page names for the rows of the paper are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = re.findall(r"^\| (X\d+) \|(.*)$", (ROOT / "docs/retrieval.md").read_text(), re.MULTILINE)


def test_every_row_is_there():
    assert [row for row, _ in ROWS] == [f"X{number}" for number in range(1, 13)]


@pytest.mark.parametrize(("row", "text"), ROWS)
def test_the_tests_of_a_row_are_there(row, text):
    named = re.findall(r"`((?:unit|workflow)/\S+\.py)(?:::(\w+))?`", text)
    assert named, row
    for file, test in named:
        code = (ROOT / "tests" / file).read_text()
        assert f"def {test}(" in code if test else "def test_" in code
