"""Pages of the documentation's site that are made from what stands elsewhere: `make docs`.

A method's page is its card and the docstring of its module. Pages that lie outside docs/, because
people look for them there, are taken into the site as they are. Links between all of these are
those of the repository, and are led to the pages of the site.
"""

import inspect
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import lacuna
from lacuna.completion.card import Method
from lacuna.completion.registry import available, card, find_method, is_control, options_of
from lacuna.project.documentation_cards import describe_options_of
from lacuna.project.plan import memory_mb

Nav = list[Any]  # names of pages, and mappings of headings to more of them
# Pages of the repository outside docs/, and what the site calls them.
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "config/README.md": "configuration.md",
    "results/README.md": "outputs.md",
}
METHODS = "methods"  # the folder of the methods' pages
NEEDED = ("Assumptions", "When it fails")  # sections of a method's docstring, beside an equation
PAPER_MB = 64  # of the tensor's file at the paper's size, see docs/performance.md
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
UNDERLINED = re.compile(r"^(\S.*)\n-{3,}$", re.MULTILINE)
PAGE_IN_TEXT = re.compile(r"\bdocs/(\w+)\.md\b")


def method_pages() -> dict[str, str]:
    """Return the name of the page of every method and control, by method."""
    return {name: f"{METHODS}/{name}.md" for name in (*_methods(), *_controls())}


def method_page(name: str) -> str:
    """Return a method's page: idea, equation, assumptions, failures, cost, options, source."""
    its = card(name)
    parts = [f"# {its.label}\n", f"`{name}`: {its.summary}.\n", docstring_of(name)]
    parts += ["## Cost\n", *(f"- {line}\n" for line in _cost(name, its))]
    if options_of(name):
        parts += ["\n## Options\n", describe_options_of(name)]
    parts += ["\n## Source\n", f"{its.source or 'defined here'}."]
    return "\n".join(parts).rstrip() + "\n"


def link_methods(text: str) -> str:
    """Return a page with the names of methods in its tables led to their pages."""
    for name, page in method_pages().items():
        text = text.replace(f"| `{name}` |", f"| [`{name}`]({page}) |")
    return text


def library_entries() -> str:
    """Return what mkdocstrings makes the page of the library from: all that `lacuna` shows."""
    return "\n".join(
        f"::: lacuna.{home}.{name}\n" for name, home in lacuna._HOME.items() if name[0] != "_"
    )


def docstring_of(name: str) -> str:
    """Return the docstring of a method's module as Markdown, its sections as headings."""
    module = import_module(find_method(name).__module__)
    text = inspect.cleandoc(module.__doc__ or "")
    text = UNDERLINED.sub(r"## \1\n", text)
    return PAGE_IN_TEXT.sub(r"[\1](../\1.md)", text) + "\n"


def lacks(name: str) -> list[str]:
    """Return what the page of a method lacks; a control needs nothing but its idea."""
    text = docstring_of(name)
    missing = [section for section in NEEDED if f"## {section}\n" not in text]
    if not re.search(r"^ {4}\S", text, re.MULTILINE):
        missing.append("an equation, indented by four blanks")
    return [] if is_control(name) else missing


def relink(text: str, source: str, is_file: Callable[[str], bool]) -> str:
    """Return the text of a page with the repository's links led to pages of the site.

    Parameters
    ----------
    text
        Markdown.
    source
        The page's path in the repository; a method's is docs/methods/{name}.md.
    is_file
        Whether a path of the repository is a file or a folder.

    Returns
    -------
    str
        A link to a file that is no page of the site becomes its text alone. What leads nowhere
        stays, so that the site is not built.
    """
    here = page_of(source)

    def lead(link: re.Match[str]) -> str:
        image, shown, target, part = link[1], link[2], link[3], link[4] or ""
        if not target or re.match(r"\w+:", target):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path in ELSEWHERE or path.startswith("docs/"):
            there = posixpath.relpath(page_of(path), posixpath.dirname(here) or ".")
            return f"{image}[{shown}]({there}{part})"
        return shown if is_file(path) else link[0]

    return LINK.sub(lead, text)


def page_of(source: str) -> str:
    """Return the page of the site that shows a file of the repository, below docs/."""
    return ELSEWHERE.get(source, source.removeprefix("docs/"))


def source_of(page: str) -> str:
    """Return the file of the repository that a page of the site shows."""
    return next((path for path, name in ELSEWHERE.items() if name == page), f"docs/{page}")


def below(nav: Nav, heading: str) -> Nav:
    """Return the list of pages that stands below a heading of the navigation."""
    return next(entry[heading] for entry in nav if isinstance(entry, dict) and heading in entry)


def unlisted(nav: Nav, pages: Iterable[str]) -> list[str]:
    """Return the pages that the navigation does not name, such as that of a new stage."""
    named = set(_named(nav))
    return [page for page in pages if page not in named]


def _named(nav: Nav) -> Iterator[str]:
    for entry in nav:
        for value in [entry] if isinstance(entry, str) else entry.values():
            yield from [value] if isinstance(value, str) else _named(value)


def generated(root: Path) -> dict[str, str]:
    """Return the text of every page that does not lie below docs/, by page."""
    pages = {page: (root / path).read_text(encoding="utf-8") for path, page in ELSEWHERE.items()}
    return pages | {page: method_page(name) for name, page in method_pages().items()}


def _cost(name: str, its: Method) -> list[str]:
    lines = [
        "It completes a tensor of the paper's size (2,130 drugs in 71 cells) within seconds."
        if its.quick
        else "It takes longer than seconds at the paper's size; [performance](../performance.md) "
        "has the times that were measured.",
        f"A job asks for {memory_mb(name, PAPER_MB) / 1000:.1f} GB there.",
    ]
    if its.grids:
        lines.append(f"It holds {its.grids} arrays of the whole grid, drugs x cells x genes.")
    if its.holds_kernel:
        lines.append("It holds a kernel of all training profiles, which grows with their square.")
    if "device" in options_of(name):
        lines.append("It can compute on a GPU.")
    if its.package:
        lines.append(f"It wants the extra `{its.package}`: `pip install 'lacuna[{its.package}]'`.")
    uses = ["the training profiles", *its.needs]
    return [*lines, f"It uses {', '.join(uses)}."]


def _methods() -> list[str]:
    return [name for name in available() if not is_control(name)]


def _controls() -> list[str]:
    return [name for name in available() if is_control(name)]
