"""Pages show their tables whole: text as text, groups apart, the best marked, words explained."""

import re

import numpy as np
import pandas as pd
import pytest

from lacuna.drawing.tables import ShownTable, Term
from lacuna.errors import DamagedFile
from lacuna.report.page import cell_text, page_body, write_page

TABLE = pd.DataFrame({"method": ["a", "b", "zeros"], "r": ["0.50", "0.60", "0.00"]})


def written(path, *sections, title="Title", paragraphs=("One.",)):
    write_page(path, title, list(paragraphs), list(sections))
    return path.read_text(encoding="utf-8")


def cells(page, tag="td"):
    return re.findall(f"<{tag}(?: [^>]*)?>(.*?)</{tag}>", page, re.DOTALL)


def test_a_page_stands_alone_and_fits_a_phone(tmp_path):
    page = written(tmp_path / "a.html", ("Heading", TABLE))
    assert not re.search(r"(src|href)=\"?https?:|@import|url\(", page)
    assert '<meta name="viewport" content="width=device-width' in page
    assert page.count("<main") == page.count("</main>") == 1
    assert '<html lang="en">' in page
    assert "<h2>Heading</h2>" in page and "<p>One.</p>" in page


def test_rows_columns_and_groups_are_headings_for_readers_of_screens(tmp_path):
    shown = ShownTable("T", TABLE, best={(1, "r")}, groups=["Methods", "Methods", "Controls"])
    page = written(tmp_path / "a.html", shown)
    assert page.count('<th scope="col">') == 2
    assert cells(page, "th") == ["method", "r", "Methods", "a", "b", "Controls", "zeros"]
    assert page.count("<tbody>") == 2
    assert '<td class="best">0.60</td>' in page and page.count('class="best"') == 1
    assert 'tabindex="0" role="region" aria-label="T"' in page


def test_folded_tables_are_behind_a_summary_with_their_words(tmp_path):
    terms = [Term("r", "a correlation")]
    shown = ShownTable("More", TABLE, folded=True, terms=terms, note="A note.")
    page = written(tmp_path / "a.html", shown)
    details = re.search(r"<details class=\"more\">(.*?)</details>", page, re.DOTALL)[1]
    assert "<summary>More</summary>" in details and "0.60" in details
    assert "<dt>r:</dt><dd>a correlation</dd>" in details and "<p>A note.</p>" in details


def test_an_empty_table_says_so(tmp_path):
    page = written(tmp_path / "a.html", ("Nothing here", TABLE[:0]))
    assert "<p>None.</p>" in page and "<table" not in page.split("<script>")[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (np.int64(5), "5"),
        (0.123456789, "0.123457"),
        (float("nan"), ""),
        (None, ""),
        (pd.NA, ""),
        (True, "yes"),
        (np.bool_(False), "no"),
        ("007", "007"),
    ],
)
def test_cells_are_readable(value, text):
    assert cell_text(value) == text


def test_pages_are_the_same_bytes_each_time(tmp_path):
    shown = ShownTable("T", TABLE, best={(1, "r"), (0, "r")}, groups=["x", "y", "x"])
    assert written(tmp_path / "a.html", shown) == written(tmp_path / "b.html", shown)


def test_the_report_takes_the_body_two_levels_lower(tmp_path):
    written(tmp_path / "a.html", ("Heading", TABLE), title="Not twice")
    body = page_body(tmp_path / "a.html")
    assert "Not twice" not in body
    assert "<h4>Heading</h4>" in body and "<h2" not in body
    assert "<p>One.</p>" in body and "<main" not in body and "<script" not in body


@pytest.mark.parametrize("kept", [0, 40, 0.5])
def test_a_page_that_is_cut_short_is_refused_by_name(kept, tmp_path):
    page = written(tmp_path / "a.html", ("Heading", TABLE))
    end = kept if isinstance(kept, int) else page.index("</main>")
    (tmp_path / "a.html").write_text(page[:end])
    with pytest.raises(DamagedFile, match=r"a\.html.*cut short\. Delete it and run again"):
        page_body(tmp_path / "a.html")


def test_columns_of_words_stand_left_and_numbers_right(tmp_path):
    table = pd.DataFrame(
        {
            **{
                "name": ["a", "b"],
                "cell": ["SIM1", ""],
                "n": [1, 2000],
                "r": ["0.5 [0.4, 0.6]", ""],
            },
            **{"share": ["31%", "2%"], "bins": ["1", "2 to 3"], "none": ["", ""]},
        }
    )
    page = written(tmp_path / "a.html", ("T", table))
    assert re.findall('<th scope="col" class="words">(.*?)</th>', page) == ["cell"]
    assert re.findall('<td class="words">(.*?)</td>', page) == ["SIM1", ""]


def test_numbers_of_a_column_have_as_many_decimals(tmp_path):
    table = pd.DataFrame(
        {"name": ["a", "b", "c"], "r": [0.12, 0.118, np.nan], "n": [1.0, 25.0, 3.0]}
    )
    page = written(tmp_path / "a.html", ("T", table))
    assert cells(page) == ["0.120", "1", "0.118", "25", "", "3"]
    small = pd.DataFrame({"name": ["a", "b"], "p": [1e-9, 0.5]})
    assert cells(written(tmp_path / "b.html", ("T", small))) == ["1e-09", "0.5"]
