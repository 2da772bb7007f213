"""An answer as people and programs get it."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from lacuna.explore.answers import Answer, Table
from lacuna.explore.columns import COLUMNS, Column
from lacuna.explore.printing import first_table, print_answer


def rows(direction, *values):
    names = [f"[bold]G{number}[/bold]" for number in range(len(values))]
    return pd.DataFrame(
        {"direction": direction, "symbol": names, "value": values, "expected_r": np.nan}
    )


@pytest.fixture
def answer():
    return Answer(
        "vorinostat [x] in MCF7",
        {"source": "predicted", "expected_r": 0.71234567, "moa": None, "profiles": 1234},
        {
            "up": Table("raised [most]", rows("up", 0.5, 0.123456789), ("direction",)),
            "down": Table("lowered", rows("down", -0.25), ("direction",)),
            "nearest": Table("others", pd.DataFrame({"drug": ["a"], "measured": [3]})),
        },
        ["A remark."],
    )


def printed(answer, form):
    out = io.StringIO()
    print_answer(answer, form, out)
    return out.getvalue()


def test_people_get_headings_with_units_and_short_numbers(answer):
    text = printed(answer, "table")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "vorinostat [x] in MCF7"  # names are no markup
    assert "source predicted" in lines
    assert "expected r 0.71" in lines
    assert "mechanism -" in lines
    assert "profiles 1,234" in lines
    together = " ".join(lines)
    assert "gene change" in together and "direction" not in together
    assert "[bold]G1[/bold] +0.123" in together
    assert "expected r" not in together.partition("raised")[2]  # nothing is known of it
    assert "raised [most]" in together and lines[-1] == "A remark."
    assert "nearest" not in together and "others" in together


def wide(*texts):
    return Answer("?", {}, {"t": Table("", pd.DataFrame({f"column {t}": [t] for t in texts}))})


def test_a_table_is_as_wide_as_the_terminal_and_loses_nothing(monkeypatch):
    for columns, lines in ((200, 1), (100, 2)):
        monkeypatch.setenv("COLUMNS", str(columns))
        texts = [f"{letter * 15} {letter * 15}" for letter in "abcd"]
        text = printed(wide(*texts), "table")
        assert max(map(len, text.splitlines())) <= columns
        assert all(text.count(letter * 15) == 4 for letter in "abcd")
        body = text.partition("\u2500 \n")[2].strip().splitlines()
        assert len(body) == lines


def test_a_table_may_show_a_column_in_its_own_way():
    table = Table("", pd.DataFrame({"value": [0.5]}), columns={"value": Column("z", "+.1f")})
    text = printed(Answer("?", {}, {"t": table}), "table")
    assert text.split()[-3::2] == ["z", "+0.5"] and "change" not in text


def test_a_column_of_which_nothing_is_known_is_not_shown():
    table = pd.DataFrame({"drug": ["a", "b"], "tier": ["", ""], "p": [np.nan, 0.5]})
    text = printed(Answer("?", {}, {"t": Table("", table)}), "table")
    assert "tier" not in text and "p" in text and "0.5" in text


def test_programs_get_one_table_and_the_rest_apart(answer, capsys):
    text = printed(answer, "tsv")
    assert text.splitlines() == [
        "direction\tsymbol\tvalue\texpected_r",
        "up\t[bold]G0[/bold]\t0.5\t",
        "up\t[bold]G1[/bold]\t0.123457\t",
        "down\t[bold]G0[/bold]\t-0.25\t",
    ]
    apart = capsys.readouterr()
    assert apart.out == ""
    assert "source: predicted" in apart.err and "A remark." in apart.err


def test_an_answer_of_facts_alone_is_a_table_of_one_row():
    text = printed(Answer("?", {"a": 1, "b": "x"}), "tsv")
    assert text == "a\tb\n1\tx\n"


def test_json_has_all_and_null_for_what_is_not_known(answer):
    read = json.loads(printed(answer, "json"))
    assert list(read) == ["question", "facts", "up", "down", "nearest", "notes"]
    assert read["facts"] == {
        "source": "predicted",
        "expected_r": 0.712346,
        "moa": None,
        "profiles": 1234,
    }
    assert read["up"][1] == {
        "direction": "up",
        "symbol": "[bold]G1[/bold]",
        "value": 0.123457,
        "expected_r": None,
    }
    assert read["nearest"] == [{"drug": "a", "measured": 3}]


def test_other_types_are_written_as_json_has_them():
    category = pd.Categorical.from_codes([0, -1], ["fair"])
    table = pd.DataFrame({"tier": category, "n": np.array([1, 2], np.int16), "is": [True, False]})
    text = printed(Answer("?", {"all": ["a", np.float32(0.5)]}, {"t": Table("", table)}), "json")
    read = json.loads(text)
    assert read["t"][0] == {"tier": "fair", "n": 1, "is": True}
    assert read["t"][1]["tier"] is None
    assert read["facts"] == {"all": ["a", 0.5]}


def test_without_a_terminal_it_is_tsv(answer):
    assert printed(answer, None) == printed(answer, "tsv")


def test_an_empty_side_is_no_table_of_its_own(answer):
    tables = {"up": Table("", rows("up")), "down": Table("", rows("down", -1.0))}
    found = first_table(Answer("?", {}, tables))
    assert found["value"].tolist() == [-1] and found["direction"].tolist() == ["down"]
    assert list(first_table(Answer("?", {}, {"up": tables["up"]}))) == list(rows("up"))


def test_every_number_has_a_form():
    for name, column in COLUMNS.items():
        assert column.heading, name
        if column.form:
            assert format(3 if column.form == "d" else 3.0, column.form)
