"""The documentation's site: every page is in it, every link leads somewhere, methods are told."""

import copy
import posixpath
import re
from types import SimpleNamespace

import pytest
import yaml
from project import ROOT

import lacuna
from lacuna.completion.registry import available, card, is_control, options_of
from lacuna.project import site
from lacuna.project.site import (
    ELSEWHERE,
    LINK,
    below,
    docstring_of,
    generated,
    lacks,
    link_methods,
    method_page,
    method_pages,
    page_of,
    relink,
    source_of,
    unlisted,
)

SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
OWN = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
PAGES = OWN | generated(ROOT)


def is_file(path):
    return (ROOT / path).exists()


def test_every_page_of_the_navigation_is_there_and_others_join_it():
    nav = copy.deepcopy(SITE["nav"])
    assert unlisted(nav, method_pages().values()) == list(method_pages().values())
    below(nav, "Methods").extend({name: page} for name, page in method_pages().items())
    below(nav, "Stages").extend(unlisted(nav, sorted(OWN)))
    assert unlisted(nav, PAGES) == []
    named = list(site._named(nav))
    assert sorted(named) == sorted(PAGES)
    assert unlisted(nav, ["new_stage.md", "index.md"]) == ["new_stage.md"]


def test_nothing_is_fetched_from_elsewhere():
    assert SITE["theme"]["font"] is False
    assert "offline" in SITE["plugins"]
    assert SITE["use_directory_urls"] is False
    assert not {"extra_css", "extra_javascript"} & SITE.keys()
    assert "analytics" not in SITE["extra"]


def anchors(text):
    """Return the anchors that a page's headings make, as mkdocs makes them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    slugs = (re.sub(r"[^\w\s-]", "", head.lower()).strip() for head in heads)
    return {re.sub(r"[\s-]+", "-", slug) for slug in slugs}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_pages_that_are_there(page):
    text = relink(PAGES[page], source_of(page), is_file)
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for image, shown, target, part in LINK.findall(text):
        if re.match(r"\w+:", target):
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target or page))
        path = path if target else page
        if image:
            assert is_file(f"docs/{path}"), (shown, target)
        else:
            assert path in PAGES, (shown, target)
            assert not part or part[1:] in anchors(PAGES[path]), (shown, target, part)


def test_links_of_the_repository_are_led_to_the_site():
    cases = {
        ("README.md", "[a](docs/cluster.md#x)"): "[a](cluster.md#x)",
        ("README.md", "![a](docs/overview.png)"): "![a](overview.png)",
        ("README.md", "[MIT](LICENSE) [b](https://x.y/z)"): "MIT [b](https://x.y/z)",
        ("results/README.md", "[a](../docs/cluster.md)"): "[a](cluster.md)",
        (
            "docs/cluster.md",
            "[a](../config/README.md#b) [c](#d)",
        ): "[a](configuration.md#b) [c](#d)",
        ("docs/methods/kernel.md", "[a](../accuracy.md)"): "[a](../accuracy.md)",
        ("docs/cluster.md", "[gone](../nothing.md)"): "[gone](../nothing.md)",
    }
    for (source, text), led in cases.items():
        assert relink(text, source, is_file) == led
    for path in ELSEWHERE:
        assert source_of(page_of(path)) == path


@pytest.mark.parametrize("name", available())
def test_every_method_has_what_its_page_needs(name):
    assert lacks(name) == [], f"add it to the docstring of the module of {name}"
    page = method_page(name)
    assert page.startswith(f"# {card(name).label}\n")
    assert "## Cost\n" in page and "## Source\n" in page
    assert ("## Options\n" in page) == bool(options_of(name))
    if not is_control(name):
        assert page.count("\n## Assumptions\n") == page.count("\n## When it fails\n") == 1
    assert card(name).source in page


def test_what_a_docstring_lacks_is_named(monkeypatch):
    short = SimpleNamespace(__doc__="Kernel.\n\nAssumptions\n-----------\nNone.\n")
    monkeypatch.setattr(site, "import_module", lambda name: short)
    assert docstring_of("kernel") == "Kernel.\n\n## Assumptions\n\nNone.\n"
    assert lacks("kernel") == ["When it fails", "an equation, indented by four blanks"]


def test_the_table_of_methods_leads_to_their_pages():
    linked = link_methods(OWN["methods.md"])
    for name, page in method_pages().items():
        assert f"| [`{name}`]({page}) |" in linked


def test_the_page_of_the_library_has_all_that_lacuna_shows():
    entries = site.library_entries()
    for name in {*lacuna.__all__} - {"__version__"}:
        assert re.search(rf"^::: lacuna\.\S+\.{name}$", entries, re.MULTILINE)


def test_what_commands_answer_stands_below_them():
    mark = re.compile(r"<!-- made by make answers: (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
    for page, text in OWN.items():
        for command, printed in mark.findall(text):
            assert f"$ {command}\n" in printed, f"{page}: run make answers"


def test_warnings_end_the_building():
    """With --quiet mkdocs counts no warnings, and --strict lets them pass."""
    [built] = re.findall(r"mkdocs build(.*)", (ROOT / "Makefile").read_text())
    assert built.split() == ["--strict"]
