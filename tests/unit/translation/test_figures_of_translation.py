"""The figures of translated profiles draw the tables that they are given, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from lacuna.drawing.card import FigureCard
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import write_table
from lacuna.project.plan import Plan
from lacuna.translation.enrichment import measure_bridge
from lacuna.translation.figures import ageing, bridge, volcano


def bridges():
    """One set, two platforms, two methods; the second platform lacks the second method."""
    rng = np.random.default_rng(0)
    is_target = np.arange(100) < 10
    walks, numbers = [], []
    for platform, method in (("translated", "cd"), ("translated", "limma"), ("original", "cd")):
        score = rng.normal(size=100) + 2 * is_target
        found = measure_bridge(score, is_target, rng, draws=30, drawn=3)
        facts = {"platform": platform, "method": method, "set": "NR3C1", "universe": "model_only"}
        facts |= {"drug": "dexamethasone", "control": "other wells"}
        walks.append(found.walks.assign(**facts))
        numbers.append(found.numbers.assign(**facts))
    return {"walks": pd.concat(walks), "bridges": pd.concat(numbers)}


def points():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"gene": np.repeat(["SFRP2", "LGI3"], 12)})
    table["type"] = np.tile(["trt_cp", "trt_cp", "trt_xpr"], 8)
    table["fold_change"], table["cd"] = rng.normal(size=24), rng.normal(size=24)
    table["disagree"] = table["fold_change"] * table["cd"] < 0
    table["name"] = [f"drug {number}" for number in range(24)]
    return {"points": table.assign(cell="MCF7", best_place=1, drug=table["name"])}


def frequent():
    table = pd.DataFrame({"direction": ["up"] * 3 + ["down"] * 2, "place": [1, 2, 3, 1, 2]})
    table["gene"] = ["PTCHD4", "SFRP2", "A", "ADIPOQ", "LGI3"]
    table["signatures"] = [9, 5, 2, 8, 3]
    table["origin"] = ["model-only", "landmark", "inferred", "landmark", "model-only"]
    return {"frequent": table.assign(of=12)}


FIGURES = {"bridge": (bridge, bridges), "volcano": (volcano, points), "ageing": (ageing, frequent)}


def made(name, folder, tables):
    files = {}
    for file, table in tables.items():
        files[file] = str(folder / f"{file}.tsv")
        write_table(table, files[file])
    return FIGURES[name][0].make(files, {"data": "made-up data"})


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_bytes_each_time_and_has_a_table(name, tmp_path):
    module, tables = FIGURES[name]
    for run in "ab":
        figure, table = made(name, tmp_path, tables())
        outputs = [tmp_path / f"{run}.{ending}" for ending in ("svg", "tsv")]
        save_figure(figure, table, outputs)
    for ending in ("svg", "tsv"):
        first, second = (tmp_path / f"{run}.{ending}" for run in "ab")
        assert first.read_bytes() == second.read_bytes()
    assert isinstance(module.FIGURE, FigureCard)
    config = Plan.of({"dataset": "mine", "acquire": {"source": "simulator"}}).config
    assert set(module.FIGURE.files(config)) == set(tables())
    drawn = next(iter(tables().values())).reset_index(drop=True)
    pd.testing.assert_frame_equal(table, drawn, check_dtype=False, rtol=1e-4)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_nothing_says_so(name, tmp_path):
    tables = {file: table[:0] for file, table in FIGURES[name][1]().items()}
    figure, table = made(name, tmp_path, tables)
    assert table.empty
    save_figure(figure, table, [tmp_path / "empty.svg"])


@pytest.mark.parametrize(
    ("module", "asked"),
    [
        (bridge, {"targets": ["NR3C1.gmt"]}),
        (volcano, {"genes_shown": ["A"]}),
        (ageing, {"ageing": 1}),
    ],
)
def test_figures_are_drawn_where_they_are_asked_for(module, asked):
    assert module.FIGURE.wanted({"translation": asked})
    config = Plan.of({"dataset": "mine", "acquire": {"source": "simulator"}}).config
    assert not module.FIGURE.wanted(config)


def test_a_bridge_has_the_walks_in_colour_before_the_random_ones_in_grey(tmp_path):
    tables = bridges()
    figure, _ = made("bridge", tmp_path, tables)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels[:2]] == ["Characteristic Direction", "limma"]
    lines = panels[0].get_lines()[1:]  # the first is the height 0
    grey = [line for line in lines if line.get_color() == bridge.RANDOM]
    own = [line for line in lines if line.get_color() != bridge.RANDOM]
    assert (len(grey), len(own)) == (2, 2)
    assert [int(np.isnan(line.get_ydata()).sum()) for line in grey] == [3, 3]  # gaps after walks
    assert min(line.get_zorder() for line in own) > max(line.get_zorder() for line in grey)
    expected = tables["walks"].query(
        "platform == 'original' and method == 'cd' and walk == 'unweighted' and line == 'signature'"
    )
    np.testing.assert_allclose(own[1].get_ydata(), expected["height"], atol=1e-5)
    assert "translated" in panels[1].texts[0].get_text()
    assert "original" not in panels[1].texts[0].get_text()


def test_a_volcano_is_blue_where_raised_and_red_where_lowered(tmp_path):
    tables = points()
    figure, _ = made("volcano", tmp_path, tables)
    assert [axes.get_title() for axes in figure.axes] == [
        "SFRP2: 8 compounds",
        "SFRP2: 4 CRISPR knock-outs",
        "LGI3: 8 compounds",
        "LGI3: 4 CRISPR knock-outs",
    ]
    rows = tables["points"].query("gene == 'SFRP2' and type == 'trt_cp'")
    [dots] = figure.axes[0].collections
    expected = np.stack([rows["fold_change"], rows["cd"].abs()], axis=1)
    np.testing.assert_allclose(dots.get_offsets(), expected, rtol=1e-4)
    for (red, _, blue, _), row in zip(dots.get_facecolors(), rows.itertuples(), strict=True):
        if row.disagree:
            assert red == blue
        else:
            assert (blue > red) == (row.fold_change > 0)


def test_the_bars_of_ageing_are_the_genes_in_their_order_and_origin(tmp_path):
    figure, _ = made("ageing", tmp_path, frequent())
    up, down = figure.axes
    assert [label.get_text() for label in up.get_yticklabels()] == ["PTCHD4", "SFRP2", "A"]
    assert [label.get_text() for label in down.get_yticklabels()] == ["ADIPOQ", "LGI3"]
    assert [bar.get_width() for bar in up.patches] == [9, 5, 2]
    assert up.get_ylim()[0] > up.get_ylim()[1]  # the first on top
    assert len({bar.get_facecolor() for bar in up.patches}) == 3
    assert "12 signatures" in figure.get_suptitle()
