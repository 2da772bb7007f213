"""Documentation is in step with the schemas, and what the schemas say of themselves is true."""

import shutil

import pytest
import yaml
from jsonschema import Draft202012Validator

from lacuna.errors import LacunaError
from lacuna.project import documentation
from lacuna.project.config_schema import assemble_schema
from lacuna.project.documentation import (
    DEMO,
    PAGES,
    comment_demo,
    fill_marks,
    stale_pages,
    values_of,
    walk_keys,
    write_documentation,
)

WHOLE = assemble_schema()
KEYS = {": ".join(key.path): key for key in walk_keys(WHOLE)}


@pytest.fixture
def pages(request, tmp_path):
    """Copy all pages to a folder of their own."""
    for page in (*PAGES, DEMO):
        (tmp_path / page).parent.mkdir(exist_ok=True)
        shutil.copy(request.config.rootpath / page, tmp_path / page)
    write_documentation(tmp_path)  # so that stale pages fail their own test alone
    return tmp_path


def test_the_pages_are_in_step(request):
    stale = list(stale_pages(request.config.rootpath))
    assert stale == [], "run: python -m lacuna.project.documentation"


def test_what_is_out_of_step_is_written_anew_and_prose_stays(pages):
    page, demo = pages / "config/README.md", pages / DEMO
    page_before, demo_before = page.read_text(), demo.read_text()
    page.write_text("By hand.\n" + page_before.replace("default `2018`", "default `2019`"))
    demo.write_text(demo_before.replace("# Number of drugs.", "# Count of drugs."))
    assert write_documentation(pages) == ["config/README.md", DEMO]
    assert page.read_text() == "By hand.\n" + page_before
    assert demo.read_text() == demo_before
    assert write_documentation(pages) == []


def test_the_demo_keeps_its_values_and_says_every_key(pages):
    values = yaml.safe_load((pages / DEMO).read_text())
    values["tensor"]["small"]["drugs"] = 31
    assert yaml.safe_load(comment_demo(values)) == values
    del values["cell_to_cell"]
    assert yaml.safe_load(comment_demo(values))["cell_to_cell"]["test_percent"] == 30


def test_a_mark_without_a_part_is_named():
    text = "<!-- made by make docs: kyes -->\n<!-- end -->\n"
    with pytest.raises(LacunaError, match=r"page\.md: .*'kyes'.*'keys'"):
        fill_marks(text, "page.md")


def test_parts_are_filled_one_by_one(monkeypatch):
    monkeypatch.setattr(documentation, "PARTS", {"a": lambda: "A\n", "b": lambda: "B\n"})
    mark, end = "<!-- made by make docs: {} -->\n", "<!-- end -->"
    text = f"x\n{mark.format('a')}old\n{end}\ny\n{mark.format('b')}{end}\nz\n"
    wanted = f"x\n{mark.format('a')}\nA\n\n{end}\ny\n{mark.format('b')}\nB\n\n{end}\nz\n"
    assert fill_marks(text, "page") == wanted == fill_marks(wanted, "page")


@pytest.mark.parametrize("path", [path for path in KEYS if "examples" in KEYS[path].schema])
def test_examples_and_defaults_are_valid(path):
    schema = KEYS[path].schema
    check = Draft202012Validator({"$defs": WHOLE["$defs"], **schema})
    for value in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
        assert check.is_valid(value), value


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("dataset", "a plain name"),
        ("seed", "a whole number, at least 0"),
        ("signatures: gamma", "a number, more than 0 and at most 1"),
        ("tensor: unreplicated", "one of `keep`, `drop`"),
        ("cell_to_cell: test_percent", "a whole number from 1 to 90"),
        ("acquire: mirror", "a text, or `null`, or a list, each item a text"),
        ("acquire: gene_sets", "a list, each item the name of a file"),
        ("acquire: series: NAME: level3", "the name of a file"),
        ("completion: methods", "a list, each item a method's name or a named variant"),
        ("completion: controls", "a list of names, each once"),
        ("evaluation: splits: plates", "sizes and folds"),
        ("evaluation: splits: SPLIT: folds", "a whole number, at least 2"),
        ("evaluation: density: percents", "a list, each item a whole number from 1 to 90"),
    ],
)
def test_values_are_said_in_words(path, said):
    assert values_of(KEYS[path].schema, WHOLE) == said
