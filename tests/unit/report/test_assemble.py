"""The report: answers first, sections in order without gaps, every figure once with its caption."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from judged_run import plan_of, write_run
from matplotlib.figure import Figure
from own_data import FILES, configuration
from project import ROOT, overlay

from lacuna.drawing.style import save_figure
from lacuna.errors import DamagedFile
from lacuna.project.plan import Plan
from lacuna.report import assemble
from lacuna.report.assemble import arrange, embedded, write_report
from lacuna.report.page import write_page

ALONE = {"completion": {"methods": [], "completed": []}, "classification": {"completed": []}}
RUNS = {
    "demo": plan_of(),
    "one cell": Plan.of(overlay(configuration("mine", FILES), ALONE)),
}
WITHIN_PAGES = {"methods": "1. Summary", "plates": "2. Data", "run": "9. This run"}


def picture(path, shape="o"):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], shape)
    save_figure(figure, pd.DataFrame({"x": [1]}), [path, path.with_suffix(".png")])


def entry(path, category, label, caption="**A caption**; more.", **params):
    return {
        "path": path,
        "category": category,
        "label": label,
        "caption": caption,
        "params": {"data": "some data", **params},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run with three figures and two pages."""
    made = write_run(tmp_path_factory.mktemp("run"))
    for name in ("evaluation/figures/calibration", "tensor/figures/coverage", "a/figures/new"):
        picture(made / f"{name}.svg")
    for name in ("evaluation/pages/methods", "report/pages/run"):
        write_page(made / f"{name}.html", "T", ["Said."], [("H", pd.DataFrame({"x": [1]}))])
    return made


ENTRIES = [
    entry("report/pages/run.html", "9. This run", "Inputs, versions and time"),
    entry("a/figures/new.svg", "4. New things", "Something new"),
    entry("tensor/figures/coverage.svg", "2. Data", "Coverage (Figure 9Z)", place=5),
    entry("evaluation/pages/methods.html", "2. Data", "Methods"),
    entry("evaluation/figures/calibration.svg", "2. Data", "Errors", place=1),
]


def report(folder, tmp_path, entries=ENTRIES, plan=RUNS["demo"], data="demo (simulated data)"):
    write_report(tmp_path / "report.html", folder, entries, plan.config, data)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


class Outline(HTMLParser):
    """What a page has: its tags in order, and whether each is closed where it should be."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.links, self.images, self.faults = [], [], [], [], []
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.images += [given] if tag == "img" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def test_the_page_is_whole_html_with_landmarks_and_working_links(folder, tmp_path):
    outline = Outline(report(folder, tmp_path))
    assert outline.faults == [] and outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert not link.startswith("http")
        assert not link.startswith("#") or link[1:] in outline.ids, link
    assert {"nav", "main", "h1", "footer"} <= set(outline.tags)
    assert outline.tags.count("h1") == outline.tags.count("main") == 1
    assert "report/snakemake.html" in outline.links


def test_sections_are_numbered_without_gaps_and_parts_stand_by_their_place(folder, tmp_path):
    page = report(folder, tmp_path)
    assert re.findall(r"<h2 id=[^>]*>(.*?)</h2>", page) == [
        "1. Data",
        "2. New things",
        "3. This run",
    ]
    order = [page.index(f'<h3 id="{name}"') for name in ("calibration", "coverage", "methods")]
    assert order == sorted(order)


def test_labels_are_words_first_and_the_number_of_the_paper_small(folder, tmp_path):
    page = report(folder, tmp_path)
    assert 'Coverage <small class="paper">Figure 9Z</small>' in page
    assert '<a href="#coverage">Coverage</a>' in page


def test_every_figure_stands_once_embedded_with_alt_and_caption(folder, tmp_path):
    page = report(folder, tmp_path)
    images = Outline(page).images
    assert len(images) == 3
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in images)
    assert all(image["alt"].startswith("Figure: ") for image in images)
    captions = re.findall(r"<figcaption[^>]*>(.*?)</figcaption>", page, re.DOTALL)
    assert ["A caption" in caption for caption in captions] == [True] * 3


def test_answers_stand_before_all_figures(folder, tmp_path):
    page = report(folder, tmp_path)
    first = page[: page.index("<section")]
    assert "Simulated data." in first
    assert "Blend predicts profiles held out with r = 0.68 [0.65, 0.71]" in first
    assert '<a href="metrics.tsv">metrics.tsv</a>' in first
    assert first.count("<table") == 1 and "r, whole drugs" in first


def test_a_run_without_predictions_has_answers_too(folder, tmp_path):
    page = report(folder, tmp_path, ENTRIES[:1], RUNS["one cell"], "mine")
    first = page[: page.index("<section")]
    assert "What was measured" in first
    assert not re.search("imulated|Blend|<table", first)


def test_nothing_of_a_template_or_a_missing_value_is_left(folder, tmp_path):
    text = re.sub(
        r"<(script|style)>.*?</\1>|base64,[^\"]*", "", report(folder, tmp_path), flags=re.S
    )
    assert not re.search(r"\{\{|\{%|\bnan\b|\bNone\b|undefined|TODO|lorem", text)


def test_the_report_is_the_same_bytes_each_time(folder, tmp_path):
    assert report(folder, tmp_path) == report(folder, tmp_path)


def test_pages_of_one_name_have_anchors_of_their_own(folder, tmp_path):
    picture(folder / "other/figures/methods.svg")
    both = [*ENTRIES, entry("other/figures/methods.svg", "3. More", "Another")]
    outline = Outline(report(folder, tmp_path, both))
    assert {"methods", "other-methods"} <= set(outline.ids)


def test_a_name_with_markup_is_text(folder, tmp_path):
    entries = [entry("a/figures/new.svg", "4. New", "<script>1</script>")]
    page = report(folder, tmp_path, entries, data="<script>2</script>")
    assert page.count("<script>") == 1


def test_of_a_heavy_figure_the_lighter_form_is_embedded(tmp_path, monkeypatch):
    picture(tmp_path / "a.svg")
    assert embedded(tmp_path / "a.svg").startswith("data:image/svg+xml")
    monkeypatch.setattr(assemble, "HEAVY", 10)
    lighter = min((tmp_path / "a.svg", tmp_path / "a.png"), key=lambda path: path.stat().st_size)
    expected = {".svg": "data:image/svg+xml", ".png": "data:image/png"}[lighter.suffix]
    assert embedded(tmp_path / "a.svg").startswith(expected)
    (tmp_path / "a.svg").write_text((tmp_path / "a.svg").read_text() + " " * 10**6)
    assert embedded(tmp_path / "a.svg").startswith("data:image/png")


@pytest.mark.parametrize(
    "content", [b"", b"<svg>", b"<html></html>", b"\x00" * 100, b"<svg></svg><script>"]
)
def test_a_figure_that_is_none_or_is_cut_short_is_named(content, tmp_path):
    (tmp_path / "a.svg").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"a\.svg.*Delete it and run again"):
        embedded(tmp_path / "a.svg")


def test_nothing_is_left_of_a_report_that_failed(folder, tmp_path):
    broken = entry("a/figures/new.svg", "4. New", "x", caption="{{ snakemake.params.no }}")
    with pytest.raises(Exception, match="caption of a/figures/new"):
        report(folder, tmp_path, [broken])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run", RUNS)
def test_every_figure_of_the_plan_is_arranged_once_with_its_caption(run, tmp_path, monkeypatch):
    plan = RUNS[run]
    monkeypatch.setattr(assemble, "embedded", lambda path: f"data:{path.name}")
    monkeypatch.setattr(assemble, "shown_width", lambda path: 0)
    entries = [
        entry(
            f"{figure.path}.svg",
            figure.card.category,
            figure.card.label,
            (ROOT / f"workflow/report/{figure.stage}/{figure.name}.rst").read_text(),
            **figure.card.params(plan.config),
            place=figure.card.place,
        )
        for figure in plan.figures.values()
    ]
    sections = arrange(tmp_path, entries, plan.config, "data")
    parts = [part for section in sections for part in section.parts]
    assert sorted(part.image for part in parts) == sorted(
        f"data:{name}.svg" for name in plan.figures
    )
    assert all(part.alt and "data" in part.caption for part in parts)
    assert not [part.label for part in parts if re.match(r"\d|S\d|[a-z]", part.label)]


def test_figures_are_shown_larger_than_they_print(tmp_path):
    picture(tmp_path / "a.svg")  # two inches wide, but for its margins
    assert 0.5 * 96 * 2 < assemble.shown_width(tmp_path / "a.svg") < 1.3 * 96 * 2 * assemble.LARGER
    (tmp_path / "a.svg").write_text("<svg></svg>")
    assert assemble.shown_width(tmp_path / "a.svg") == 0
