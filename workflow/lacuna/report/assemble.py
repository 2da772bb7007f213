"""The report: answers first, then all figures and tables in order, on one page to read offline."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lacuna.acquire.inputs import Inputs
from lacuna.errors import DamagedFile
from lacuna.io.atomic import write_whole
from lacuna.report import captions, headline
from lacuna.report.page import environment, looks, page_body, view

NUMBERED = re.compile(r"(\d+)\. (.+)")
OF_PAPER = re.compile(r"(.+?) \(((?:Figures?|Tables?|Supplement) .+)\)")
USUAL_PLACE = 5  # of what says none of its own
HEAVY = 400_000  # bytes of an SVG, above which the lighter of SVG and PNG is shown
WIDTH = re.compile(rb'<svg[^>]*? width="([\d.]+)pt"')
LARGER = 1.2  # figures are shown so much larger than they would print, for small letters
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Part:
    """A figure or a page of tables, as the template takes it.

    Attributes
    ----------
    anchor, label, paper : str
        Its address within the page; what it is called; the paper's number of it, if it has one.
    caption : Markup
    image, alt : str
        The figure as a data URI, and what it shows in words; empty for a page.
    width : int
        How wide it is shown where there is room, in pixels; 0 where its file does not say.
    page : Markup
        The tables; empty for a figure.
    """

    anchor: str
    label: str
    paper: str
    caption: Markup
    image: str = ""
    alt: str = ""
    width: int = 0
    page: Markup = field(default_factory=Markup)


@dataclass
class Section:
    """A section of the report; its number is its place among those that the run has."""

    anchor: str
    title: str
    parts: list[Part] = field(default_factory=list)


def write_report(
    path: str | Path,
    folder: str | Path,
    entries: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    data: str,
) -> None:
    """Write the report of a finished run.

    Parameters
    ----------
    path
        The report, which appears whole or not at all.
    folder
        results/{dataset}.
    entries
        Its figures and pages, see `lacuna.report.entries.entries`.
    config
        Of the run.
    data
        What data it is of.

    Raises
    ------
    DamagedFile
        If a figure or a page cannot be read.
    LacunaError
        If a caption cannot be rendered.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    folder = Path(folder)
    page = (
        environment()
        .get_template("report.html")
        .render(
            title=f"Lacuna: {data}",
            notice=headline.simulated(config) if Inputs.of(config).simulated else "",
            answers=headline.answers(folder, config),
            key_tables=[view(table) for table in headline.key_tables(folder, config)],
            places=headline.places(folder, config),
            sections=arrange(folder, entries, config, data),
            **looks(),
        )
    )
    with write_whole(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")


def arrange(
    folder: Path, entries: Sequence[Mapping[str, Any]], config: Mapping[str, Any], data: str
) -> list[Section]:
    """Put entries into their sections: by the number of the category, then by their place.

    Parameters
    ----------
    folder, entries, config, data
        As for `write_report`.
    """
    sections: dict[str, Section] = {}
    taken: set[str] = set()
    ranked = sorted(entries, key=lambda one: (_number(one["category"]), _place(one)))
    for entry in ranked:
        title = _title(entry["category"])
        anchor = "section-" + re.sub(r"\W+", "-", title.casefold())
        section = sections.setdefault(title, Section(anchor, title))
        section.parts.append(_part(folder, entry, config, data, taken))
    return list(sections.values())


def _number(category: str) -> int:
    found = NUMBERED.fullmatch(category)
    return int(found[1]) if found else 10**6


def _title(category: str) -> str:
    found = NUMBERED.fullmatch(category)
    return found[2] if found else category


def _place(entry: Mapping[str, Any]) -> float:
    return float(entry["params"].get("place", USUAL_PLACE))


def _part(
    folder: Path,
    entry: Mapping[str, Any],
    config: Mapping[str, Any],
    data: str,
    taken: set[str],
) -> Part:
    path = folder / entry["path"]
    stem, stage = path.stem, path.relative_to(folder).parts[0]
    anchor = stem if stem not in taken else f"{stage}-{stem}"
    taken.add(anchor)
    found = OF_PAPER.fullmatch(entry["label"])
    label, paper = (found[1], found[2]) if found else (entry["label"], "")
    caption = captions.render(entry["caption"], entry["params"], config, entry["path"])
    if path.suffix == ".svg":
        alt = f"Figure: {label}; {data}. The text below says what it shows."
        return Part(
            anchor, label, paper, caption, image=embedded(path), alt=alt, width=shown_width(path)
        )
    return Part(anchor, label, paper, caption, page=page_body(path))


def shown_width(svg: Path) -> int:
    """Return how wide a figure is shown, in pixels; 0 where its SVG does not say how wide it is."""
    with svg.open("rb") as file:
        found = WIDTH.search(file.read(4096))
    return round(float(found[1]) * LARGER * 96 / 72) if found else 0


def embedded(svg: Path) -> str:
    """Return a figure as a data URI: its SVG, or where that is heavy the lighter of SVG and PNG.

    Raises
    ------
    DamagedFile
        If the file that is taken is no figure.
    """
    png = svg.with_suffix(".png")
    heavy = svg.stat().st_size > HEAVY and png.is_file()
    path = min(svg, png, key=lambda file: file.stat().st_size) if heavy else svg
    content = path.read_bytes()
    begins, ends = (PNG, b"IEND\xaeB`\x82") if path is png else (b"<svg", b"</svg>")
    if begins not in content[:4096] or not content.rstrip().endswith(ends):
        raise DamagedFile(path, "it is no figure, or is cut short. Delete it and run again.")
    kind = "png" if path is png else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
