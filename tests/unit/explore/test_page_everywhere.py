"""The page on a phone, by keyboard, for a screen reader, without its data or knowledge."""

import shutil

import numpy as np
import pytest
from indexed import planted_index
from paged import Visit, paged_index

from lacuna.explore.connectivity import cosine
from lacuna.explore.page_write import write_page

ADDRESSES = {
    "home": "#/",
    "drug": "#/drug/BRD-K00000",
    "profile": "#/drug/BRD-K00000/A375",
    "gene": "#/gene/{gene}",
    "cell": "#/cell/A375",
    "signature": "#/signature?up={symbol}&down=NOSUCH",
    "dropped": "#/dropped/BRD-LOST",
    "nowhere": "#/nowhere",
}
TEXTS_AND_GROUNDS = """() => {
  const parsed = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      const parts = parsed(colour);
      if (colour.startsWith('color')) return parts.slice(0, 3).map(c => 255 * c);
      if (parts.length < 4 || parts[3] > 0) return parts.slice(0, 3);
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .filter(e => e.checkVisibility() && !e.closest('.hidden, .skip, svg, [aria-hidden], .tall'))
    .filter(e => !['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT'].includes(e.tagName))
    .map(e => [e.textContent.trim().slice(0, 40), parsed(getComputedStyle(e).color).slice(0, 3),
               ground(e)]);
}"""


@pytest.fixture(scope="module")
def index():
    return paged_index()


@pytest.fixture(scope="module")
def folder(index, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    write_page(folder / "index.html", index, "results/made-up/completed/kernel.gctx")
    return folder


@pytest.fixture(scope="module")
def addresses(index):
    gene = index.genes.iloc[3]
    return {
        name: address.format(gene=gene["gene"], symbol=gene["symbol"])
        for name, address in ADDRESSES.items()
    }


def luminance(colour):
    share = np.array(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_nothing_is_wider_than_a_phone(chromium, folder, addresses):
    visit = Visit(chromium, folder, viewport={"width": 390, "height": 844}, has_touch=True)
    for name, address in addresses.items():
        page = visit.go(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        small = page.evaluate(
            "[...document.querySelectorAll('main p, main td, main dd, main li')].filter(e => "
            "e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 11).length"
        )
        assert small == 0, name
    assert visit.wrong == []
    visit.close()


def test_every_view_can_be_read_out_and_seen(chromium, folder, addresses):
    visit = Visit(chromium, folder, viewport={"width": 1400, "height": 900})
    for name, address in addresses.items():
        page = visit.go(address)
        for landmark in ("header", "main", "nav[aria-label]", "footer", "[role=search]"):
            assert page.query_selector(landmark) is not None, (name, landmark)
        assert page.locator("h1").count() == 1, name
        assert visit.heading() in page.title() or name == "home"
        assert page.get_attribute("html", "lang") == "en"
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input, select, textarea')].filter(e => "
            "!e.labels.length).length + [...document.querySelectorAll('a, button')].filter(e => "
            "!e.textContent.trim() && !e.ariaLabel).length"
        )
        assert unnamed == 0, name
        assert page.evaluate("[...document.querySelectorAll('svg:not([aria-label])')].length") == 0
        heads = page.evaluate("[...document.querySelectorAll('th:not([scope])')].length")
        assert heads == 0, name
        faint = [
            (text, round(contrast(colour, ground), 1))
            for text, colour, ground in page.evaluate(TEXTS_AND_GROUNDS)
            if contrast(colour, ground) < 4.5
        ]
        assert faint == [], name
    visit.close()


def test_the_focus_is_seen_and_the_header_can_be_skipped(chromium, folder):
    visit = Visit(chromium, folder)
    page = visit.go()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "To the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visit.close()


def test_a_page_without_its_data_says_what_to_do(chromium, folder, tmp_path):
    shutil.copy(folder / "index.html", tmp_path)
    visit = Visit(chromium, tmp_path)
    visit.page.goto(visit.address)
    alert = visit.page.wait_for_selector("[role=alert]").inner_text()
    assert "data/open.js is missing or damaged" in alert
    shutil.copytree(folder / "data", tmp_path / "data")
    (tmp_path / "data/drugs-0000.js").write_text("lacuna")
    visit.page.reload()
    visit.go("#/drug/BRD-K00000")
    alert = visit.page.wait_for_selector("[role=alert]").inner_text()
    assert "data/drugs-0000.js is missing or damaged" in alert
    visit.close()


def test_an_address_that_changes_while_the_page_is_drawn_is_followed(chromium, folder, index):
    visit = Visit(chromium, folder)
    visit.page.add_init_script("""
        const listen = globalThis.addEventListener.bind(globalThis);
        globalThis.addEventListener = (kind, ...rest) => {
            if (kind === "hashchange") history.replaceState(null, "", "#/drug/BRD-K00000");
            listen(kind, ...rest);
        };
    """)
    visit.page.goto(visit.address)
    visit.page.wait_for_selector("html[data-ready]")
    visit.settle()
    assert visit.heading() == index.drugs["name"].iloc[0]
    visit.close()


def test_without_an_expected_r_the_page_says_so_and_asks_for_none(chromium, tmp_path):
    index = paged_index(drugs=8, genes=40, known=False)
    index.facts = {"simulated": False}
    write_page(tmp_path / "index.html", index, "p.gctx")
    visit = Visit(chromium, tmp_path)
    text = visit.go().inner_text("body")
    assert "its method was not cross-validated" in text
    assert "Simulated" not in text
    page = visit.go("#/drug/BRD-K00000/A375")
    assert "is not known" in page.inner_text(".verdict")
    assert len(visit.table("Up")) == 25
    page = visit.go(f"#/gene/{index.genes['gene'].iloc[0]}?scale=expected")
    assert page.locator(".filters select").count() == 2
    assert visit.wrong == []
    visit.close()


def test_an_index_of_a_product_becomes_a_page(chromium, tmp_path):
    with planted_index(tmp_path) as index:
        write_page(tmp_path / "index.html", index, "product.gctx")
        scores = cosine(index, index.unit_profile(7))
        best = index.profiles.iloc[np.argsort(-scores, kind="stable")[1]]
        drug, cell = index.drugs["drug"][best["drug"]], index.cells["cell"][best["cell"]]
        own = index.profiles.iloc[7]
        asked = index.drugs["drug"][own["drug"]], index.cells["cell"][own["cell"]]
    visit = Visit(chromium, tmp_path)
    visit.go("#/drug/{}/{}".format(*asked))
    first = visit.table("Most alike (cosine)")[0]
    assert first["drug"].split("\n")[0] == f"name {drug}"
    assert first["cell"] == cell
    visit.go("#/dropped/lost")
    assert visit.heading() == "lost"
    assert visit.wrong == []
    visit.close()


def test_a_page_is_written_anew_as_a_whole(folder, index, tmp_path):
    shutil.copytree(folder, tmp_path / "explore")
    page = tmp_path / "explore/index.html"
    stale = page.parent / "data/drugs-9999.js"
    stale.touch()
    write_page(page, index, "p.gctx")
    assert not stale.exists()
    assert sorted(path.name for path in page.parent.iterdir()) == ["data", "index.html"]
    text = page.read_text()
    assert "http" not in text.split("<script>")[0].split("-->")[1]
    assert text.count("</script>") == 1
