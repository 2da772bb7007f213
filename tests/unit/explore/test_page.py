"""The page answers every question as the command line does, in a real Chromium, from its file."""

import numpy as np
import pandas as pd
import pytest
from paged import CELLS, Visit, colour_of, hex_of, numbers, paged_index

from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.explore.answers_gene import Wanted, gene_answer
from lacuna.explore.answers_show import show_profile
from lacuna.explore.connectivity import cosine
from lacuna.explore.page_write import write_page
from lacuna.explore.scales import comparable, error_of
from lacuna.explore.scores import signed_set
from lacuna.explore.words import DEFAULT_SCALE, HIDDEN, PROFILE_SCALE, SCALES

ROUNDED = {"+.3f": 5.1e-4, "+.1f": 0.051}
UP, DOWN = [3, 8, 21, 34, 55, 89], [1, 4, 9, 16, 25]
OTHERS = [{"about": "genes beyond these", "command": "lacuna gene SYMBOL"}]


@pytest.fixture(scope="module")
def index():
    return paged_index()


@pytest.fixture(scope="module")
def folder(index, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    write_page(folder / "index.html", index, "results/made-up/completed/kernel.gctx", OTHERS)
    return folder


@pytest.fixture(scope="module")
def visit(chromium, folder):
    visit = Visit(chromium, folder, viewport={"width": 1400, "height": 900})
    yield visit
    visit.close()


@pytest.fixture(autouse=True)
def nothing_goes_wrong(request):
    yield
    if "visit" in request.fixturenames:
        visit = request.getfixturevalue("visit")
        assert visit.wrong == []
        assert {address.split(":")[0] for address in visit.requested} <= {"file", "data", "blob"}


def symbols(index, positions):
    return index.genes["symbol"].iloc[positions].tolist()


def name_of(index, drug):
    return index.drugs["name"].iloc[drug]


def names(index, profiles):
    """Drug and cell of profiles, as tables of the page have them."""
    return [(name_of(index, p // len(CELLS)), CELLS[p % len(CELLS)]) for p in profiles]


def listed(rows):
    return [(row["drug"].split("\n")[0], row["cell"]) for row in rows]


def drugs_of(rows):
    return [row["drug"].split("\n")[0] for row in rows]


def told_sources(profiles):
    """What the page says of where profiles come from."""
    return profiles["source"].astype(str).mask(profiles["fallback"], "plain mean").tolist()


def test_the_first_screen_says_what_there_is(visit, index):
    page = visit.go()
    text = page.inner_text("body")
    measured = (index.profiles["source"] == "measured").sum()
    assert f"40 drugs in 6 cell lines: {measured} profiles were measured" in text
    assert f"{len(index.profiles) - measured} are predicted by Kernel" in text
    assert "Simulated data." in text
    assert "lacuna gene SYMBOL" in text
    for tier, profiles in index.profiles["tier"].value_counts().items():
        if tier:
            assert f"{tier}" in text
            assert f"{profiles} profiles" in page.inner_text(f".tiers li:has(b:text-is('{tier}'))")


def test_a_name_is_found_by_its_beginning_and_opened_by_the_keyboard(visit):
    page = visit.go()
    page.keyboard.press("/")
    page.keyboard.type("vorin")
    assert page.inner_text("#found li").split("\n") == ["Vorinostat", "drug BRD-K00000"]
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Vorinostat')")
    assert page.evaluate("document.activeElement.textContent") == "Vorinostat"
    assert page.url.endswith("#/drug/BRD-K00000")
    page.fill("#search", "a")
    page.keyboard.press("ArrowDown")
    second = page.inner_text("#found li >> nth=1").split()[0]
    page.keyboard.press("Enter")
    visit.settle()
    assert visit.heading().split()[0] == second
    page.go_back()
    page.wait_for_selector("h1:text-is('Vorinostat')")


def test_a_misspelt_name_is_answered_by_those_alike(visit):
    page = visit.go()
    page.fill("#search", "vorinostut")
    assert "Nothing is called “vorinostut”. Did you mean:" in page.inner_text(".found")
    assert page.inner_text("#found li b") == "Vorinostat"
    page.fill("#search", "zzzzzzzzzzzz")
    assert page.inner_text(".found").strip() == "Nothing is called “zzzzzzzzzzzz”."
    page.fill("#search", "")
    visit.go("#/gene/HDAC99999")
    assert "No gene is called “HDAC99999”" in visit.heading()


def test_what_fell_out_says_why(visit):
    page = visit.go("#/dropped/BRD-LOST")
    assert visit.heading() == "lostatin"
    text = page.inner_text("main")
    assert "p-value 0.11 above 0.1" in text
    assert "0.951" in text


def test_a_drug_over_cells_is_a_heatmap_of_its_top_genes(visit, index):
    page = visit.go("#/drug/BRD-K00001?scale=unit")
    profiles = np.arange(len(CELLS), 2 * len(CELLS))
    units = index.units[:, profiles].astype(float)
    order = np.argsort(-units.mean(axis=1), kind="stable")
    top = np.concatenate([order[:25], order[-25:]])
    heat = page.evaluate(
        "[...document.querySelectorAll('.heatmap tbody tr')].map(tr => "
        "[...tr.cells].map(c => c.textContent.replace('\\u2212', '-')))"
    )
    assert [row[0] for row in heat] == symbols(index, top)
    values = np.array([[float(value) for value in row[1:]] for row in heat])
    assert np.abs(values - units[top]).max() < 0.00051
    colours = page.evaluate(
        "[...document.querySelectorAll('.heatmap tbody tr')].map(tr => "
        "[...tr.cells].slice(1).map(c => getComputedStyle(c).backgroundColor))"
    )
    highest, lowest = (np.unravel_index(f(values), values.shape) for f in (np.argmax, np.argmin))
    assert colour_of(colours[highest[0]][highest[1]]) == hex_of(SHADES_OF_THREE[2])
    assert colour_of(colours[lowest[0]][lowest[1]]) == hex_of(SHADES_OF_THREE[0])
    heads = page.evaluate(
        "[...document.querySelectorAll('.heatmap thead tr')].map(tr => "
        "[...tr.cells].map(c => c.textContent))"
    )
    known = index.profiles.iloc[profiles]
    assert heads[0][1:] == CELLS
    assert heads[1][1:] == told_sources(known)
    assert [float(r) for r in heads[2][1:]] == pytest.approx(known["expected_r"], abs=0.00501)

    assert page.query_selector(".structure svg *") is not None
    facts = page.inner_text(".facts")
    for text in ("mechanism 1", "HDAC1; HDAC2", "of 6 cells", "r 0.50, mean of 2"):
        assert text in facts


def test_cells_of_a_drug_are_filtered_by_source(visit, index):
    visit.go("#/drug/BRD-K00001?source=predicted")
    rows = visit.table("aspirin, cell by cell")
    known = index.profiles.iloc[len(CELLS) : 2 * len(CELLS)]
    known = known[known["source"] == "predicted"].sort_values("expected_r", ascending=False)
    assert [row["cell"] for row in rows] == [CELLS[cell] for cell in known["cell"]]
    assert [row["expected r"].split()[-1] for row in rows] == [
        tier.split()[-1] for tier in known["tier"]
    ]


@pytest.mark.parametrize("scale", [None, *SCALES])
def test_a_drug_in_a_cell_has_the_genes_that_the_command_line_names(visit, index, scale):
    drug, cell = 3, 2
    visit.go(f"#/drug/BRD-K00003/HT29?scale={scale or ''}")
    assert visit.heading() == "<img src=x onerror=alert(1)> in HT29"
    answer = show_profile(index, "BRD-K00003", "HT29", 25, scale)
    for side, caption in (("up", "Up"), ("down", "Down")):
        rows = visit.table(caption)
        expected = answer.tables[side].rows
        assert [row["gene"] for row in rows] == expected["symbol"].tolist()
        shown = scale or PROFILE_SCALE
        found = numbers(rows, SCALES[shown].label)
        assert found == pytest.approx(expected["value"], abs=ROUNDED[SCALES[shown].form])
        if shown in HIDDEN:
            assert "±" not in rows[0]
        else:
            assert np.abs(numbers(rows, "±") - expected["error"]).max() < 0.00051
    profile = index.profiles.iloc[drug * len(CELLS) + cell]
    text = visit.page.inner_text("main")
    assert f"r about {profile['expected_r']:.2f}: {profile['tier']}." in text
    assert ("3, average cosine distance 0.71" in text) == (profile["source"] == "measured")


def test_profiles_alike_are_those_of_the_highest_cosine(visit, index):
    own = 1 * len(CELLS) + 4
    visit.go("#/drug/BRD-K00001/PC3")
    scores = index.units.T @ index.units[:, own]
    order = np.argsort(-scores, kind="stable")
    order = order[order != own]
    for caption, expected in (
        ("Most alike (cosine)", order),
        ("Most opposed (cosine)", order[::-1]),
    ):
        rows = visit.table(caption)
        assert listed(rows) == names(index, expected[:20])
        assert np.abs(numbers(rows, "cosine") - scores[expected[:20]]).max() < 0.00051


@pytest.mark.parametrize("scale", [None, *SCALES])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", Wanted()),
        ("source=predicted", Wanted(source="predicted")),
        ("cell=HT29&least=0.5", Wanted(cells=("HT29",), min_r=0.5)),
    ],
)
def test_a_gene_names_the_profiles_that_the_command_line_names(visit, index, scale, query, wanted):
    gene = index.genes["gene"].iloc[17]
    visit.go(f"#/gene/{gene}?scale={scale or ''}&{query}")
    assert visit.heading() == index.genes["symbol"].iloc[17]
    answer = gene_answer(index, gene, wanted, 20, scale)
    for side, caption in (("up", "Raised most"), ("down", "Lowered most")):
        rows, expected = visit.table(caption), answer.tables[side].rows
        assert listed(rows) == list(zip(expected["name"], expected["cell"], strict=True))
        shown = SCALES[scale or DEFAULT_SCALE]
        found = numbers(rows, shown.label)
        assert found == pytest.approx(expected["value"], abs=ROUNDED[shown.form])
        places = [index.drugs["drug"].tolist().index(drug) for drug in expected["drug"]]
        cells = [CELLS.index(cell) for cell in expected["cell"]]
        known = index.profiles.iloc[np.array(places) * len(CELLS) + np.array(cells)]
        assert [row["source"] for row in rows] == told_sources(known)


def signature(index, up=UP, down=DOWN, more=""):
    ups, downs = (",".join(symbols(index, part)) for part in (up, down))
    return f"#/signature?up={ups}{more}&down={downs}"


def test_a_pasted_signature_finds_what_the_command_line_finds(visit, index):
    page = visit.go("#/signature")
    page.fill("textarea >> nth=0", "\n".join([*symbols(index, UP), "NOSUCHGENE"]))
    page.fill("textarea >> nth=1", ", ".join(index.genes["gene"].iloc[DOWN]))
    page.click("button.main")
    page.wait_for_selector("text=6 up and 5 down are among the 300 genes")
    visit.settle()
    assert page.inner_text(".missing") == "NOSUCHGENE"
    scores = cosine(index, signed_set(300, UP, DOWN))
    order = np.argsort(-scores, kind="stable")
    for caption, expected in (("Mimics", order[:20]), ("Reversers", order[::-1][:20])):
        rows = visit.table(caption)
        assert listed(rows) == names(index, expected)
        assert np.abs(numbers(rows, "cosine") - scores[expected]).max() < 0.00051
        known = index.profiles["expected_r"].to_numpy()[expected]
        assert np.abs(numbers(rows, "expected r") - known).max() < 0.00501


def test_drugs_are_summed_up_over_the_cells_that_are_asked_for(visit, index):
    visit.go(signature(index) + "&source=predicted")
    scores = cosine(index, signed_set(300, UP, DOWN)).astype(float)
    table = index.profiles.assign(score=scores).query("source == 'predicted'")
    means = table.groupby("drug")["score"].agg(["mean", "size"])
    order = means.sort_values("mean", ascending=False)
    rows = visit.table("Drugs that mimic it")
    assert drugs_of(rows) == [name_of(index, drug) for drug in order.index[order["mean"] > 0][:20]]
    assert np.abs(numbers(rows, "mean cosine") - order["mean"][: len(rows)]).max() < 0.00051
    assert numbers(rows, "cells").tolist() == order["size"][: len(rows)].tolist()
    best = table.loc[table[table["drug"] == order.index[0]]["score"].idxmax()]
    assert rows[0]["most alike in"] == CELLS[best["cell"]]
    reversing = visit.table("Drugs that reverse it")
    assert drugs_of(reversing)[0] == name_of(index, order.index[-1])


def test_random_signatures_have_the_same_best_profiles(visit, index):
    """20 of each, through the page's own functions: also where many are nearly alike."""
    visit.go()
    rng = np.random.default_rng(4)
    for size in (1, 2, 10, 40, 150):
        genes = rng.permutation(300)[:size]
        up, down = genes[: size // 2 + 1], genes[size // 2 + 1 :]
        found = visit.page.evaluate(
            """async ([up, down]) => {
              const { dataset, search, answers } = globalThis.lacuna;
              const filters = { source: "", cell: "", least: null };
              const query = answers.direction(dataset, up, down);
              const found = await answers.similar(dataset, search, query, { filters });
              return found.mimics.map(one => [one.position, one.score]);
            }""",
            [up.tolist(), down.tolist()],
        )
        scores = cosine(index, signed_set(300, up, down))
        order = np.argsort(-scores, kind="stable")[:20]
        assert [position for position, _ in found] == order.tolist()
        assert np.abs(scores[order] - [score for _, score in found]).max() < 5e-7


def test_what_cannot_be_asked_is_said(visit, index):
    page = visit.go("#/signature?up=NOSUCHGENE&down=")
    assert "nothing to ask" in page.inner_text("[role=alert]")
    page = visit.go(signature(index, up=[5], down=[5]))
    assert "up and down at once" in page.inner_text("[role=alert]")
    assert page.query_selector("table") is None


def test_a_cell_lists_its_drugs(visit, index):
    page = visit.go("#/cell/MCF7?source=measured")
    known = index.profiles.query("cell == 3 and source == 'measured'")
    rows = visit.table(f"{len(known)} drugs in MCF7")
    order = known.sort_values("expected_r", ascending=False, kind="stable")
    assert drugs_of(rows) == [name_of(index, drug) for drug in order["drug"]][:50]
    page.click("th >> button:has-text('drug id')")
    rows = visit.table(f"{len(known)} drugs in MCF7")
    assert [row["drug id"] for row in rows] == index.drugs["drug"].iloc[known["drug"]].tolist()


def test_a_filter_is_part_of_the_address(visit, index):
    page = visit.go(f"#/gene/{index.genes['gene'].iloc[5]}")
    page.select_option(".filters select >> nth=0", "measured")
    visit.settle()
    assert page.url.endswith("?source=measured")
    assert {row["source"] for row in visit.table("Raised most")} == {"measured"}


def test_a_table_is_saved_as_it_is_shown(visit, index, tmp_path):
    page = visit.go(signature(index))
    with page.expect_download() as download:
        page.click("figure.table button.save >> nth=0")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    saved = pd.read_table(path, dtype={"id": str})
    scores = cosine(index, signed_set(300, UP, DOWN))
    order = np.argsort(-scores, kind="stable")[:20]
    assert path.name == "made-up_signature_mimics.tsv"
    assert saved["score"].to_numpy() == pytest.approx(scores[order], abs=1e-5)
    assert list(zip(saved["drug"], saved["cell"], strict=True)) == names(index, order)
    assert saved["source"].tolist() == index.profiles["source"].iloc[order].tolist()


def test_names_that_a_spreadsheet_would_run_are_saved_as_texts(visit, index, tmp_path):
    page = visit.go("#/cell/A375")
    with page.expect_download() as download:
        page.click("figure.table button.save")
    path = tmp_path / "saved.tsv"
    download.value.save_as(path)
    saved = pd.read_table(path)
    assert len(saved) == len(index.drugs)  # all rows, also those that are not shown yet
    assert saved["drug"].tolist().count("'=1+1") == 1


def test_scales_are_those_of_the_command_line(visit):
    visit.go()
    rng = np.random.default_rng(0)
    values, known = rng.normal(size=50), rng.uniform(-0.2, 1, 50)
    for scale in SCALES:
        found = visit.page.evaluate(
            "([v, r, s]) => globalThis.lacuna.comparable(v, r, s, 978)",
            [values.tolist(), known.tolist(), scale],
        )
        assert np.allclose(found, comparable(values, known, scale, 978), atol=1e-12)
        errors = visit.page.evaluate(
            "([r, s]) => r.map(one => globalThis.lacuna.errorOf(one, 978, s))",
            [known.tolist(), scale],
        )
        assert np.allclose(errors, error_of(known, 978, scale), atol=1e-12)
