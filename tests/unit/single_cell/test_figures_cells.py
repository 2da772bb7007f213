"""The figures of single cells show the tables that they are given, and are readable at any size."""

import importlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import judged_cells
import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, StrictUndefined
from judged_cells import changed, config_of, drawn, of, table, write_tables
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell import figures
from lacuna.single_cell.figures import (
    cells_by_drug,
    cells_losses,
    cells_per_dose,
    cells_scores,
)
from lacuna.single_cell.metrics import metric_label
from lacuna.single_cell.shown import dose_label, label_of, run_colours, shortened
from lacuna.single_cell.tables import GENES

NAMES = judged_cells.FIGURES
CAPTIONS = Path(__file__).parents[3] / "workflow/report/single_cell"
RUNS = [("rdkit", start) for start in ("scratch", "strict", "overlap")]
COLOURS = {run: to_rgb(colour) for run, colour in run_colours(RUNS).items()}


def module_of(name):
    return importlib.import_module(f"{figures.__name__}.{name}")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One target, nine drugs held out, three starts of one network."""
    folder, config = tmp_path_factory.mktemp("small"), config_of()
    write_tables(folder, config, genes=12)
    return folder, config


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Doses and signatures, two splits, two networks, two seeds, 12 plain methods, 64 drugs."""
    folder = tmp_path_factory.mktemp("large")
    targets = {"sciplex": {"splits": ["drugs", "lines"], "lines": ["LINE0"]}, "op3": {}}
    models = ["rdkit", "a_model_with_a_name_that_is_much_too_long"]
    config = config_of(targets, models, seeds=2)
    methods = judged_cells.MANY_PLAIN
    write_tables(folder, config, 64, 2, methods, [1.0, 10.0], ["op3"], laid_out=60)
    return folder, config


@pytest.fixture(scope="module")
def of_large(large):
    """Figures of the large run, laid out, by name; each is drawn once."""

    @cache
    def laid_out(name):
        figure, _ = drawn(module_of(name), *large)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return figure, canvas.get_renderer()

    return laid_out


def heights_of(bars):
    """Heights from left to right."""
    return [bar.get_height() for bar in sorted(bars, key=lambda bar: bar.get_x())]


def labels_overlap(axis, renderer):
    boxes = [text.get_window_extent(renderer) for text in axis.get_ticklabels() if text.get_text()]
    return any(one.overlaps(other) for one, other in pairwise(boxes))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_or_leaves_a_large_figure(name, of_large):
    figure, renderer = of_large(name)
    for axes in figure.axes:
        assert not labels_overlap(axes.yaxis, renderer)
        assert not labels_overlap(axes.xaxis, renderer)
        assert axes.get_window_extent().width > 100
        for legend in figure.legends:
            assert not legend.get_window_extent(renderer).overlaps(axes.get_tightbbox(renderer))
    for legend in figure.legends:
        box, whole = legend.get_window_extent(renderer), figure.bbox
        assert box.x0 >= whole.x0
        assert box.x1 <= whole.x1


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_empty_tables_says_so(name, small, tmp_path):
    folder, config = small
    module = module_of(name)
    for given in module.FIGURE.files(config).values():
        for path in given if isinstance(given, list) else [given]:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            write_table(read_table(folder / path)[:0], tmp_path / path)
    figure, drawn_table = drawn(module, tmp_path, config)
    assert drawn_table.empty
    assert " no " in figure.get_suptitle()
    save_figure(figure, drawn_table, [tmp_path / "figure.svg", tmp_path / "figure.tsv"])


@pytest.mark.parametrize("name", NAMES)
def test_a_caption_names_the_data_and_what_the_run_asked_for(name, small):
    config = small[1]
    params = {**module_of(name).FIGURE.params(config), "data": "made-up data"}
    environment = Environment(undefined=StrictUndefined)
    text = environment.from_string((CAPTIONS / f"{name}.rst").read_text())
    said = text.render(snakemake=SimpleNamespace(config=config, params=params))
    assert "made-up data" in said
    assert name not in ("cells_per_dose", "cells_by_drug") or "50" in said


def test_figures_are_drawn_where_there_is_something_to_draw():
    def wanted(config):
        return [name for name in NAMES if module_of(name).FIGURE.wanted(config)]

    assert wanted(config_of()) == NAMES
    assert wanted(config_of(models=[])) == []
    assert wanted(config_of({})) == []
    several = config_of({"sciplex": {"splits": ["random", "scaffold", "drugs"]}})
    [*files] = cells_by_drug.FIGURE.files(several)["scores"]
    assert [Path(path).name for path in files] == ["scaffold_0.tsv.gz", "scaffold_1.tsv.gz"]
    of_lines = wanted(config_of({"sciplex": {"splits": ["lines"], "lines": ["LINE0"]}}))
    assert of_lines == [name for name in NAMES if name != "cells_by_drug"]
    learned = config_of()
    learned["single_cell"]["models"] = {"cpa": {"encoder": "learned"}}  # says nothing of new drugs
    assert wanted(learned) == ["cells_per_dose", "cells_scores", "cells_by_drug"]


def test_a_method_has_one_colour_in_all_figures(small):
    boxes = drawn(cells_per_dose, *small)[0].legends[0]
    shown = {
        text.get_text(): to_rgb(patch.get_facecolor())
        for text, patch in zip(boxes.get_texts(), boxes.get_patches(), strict=True)
    }
    lines = drawn(cells_losses, *small)[0].legends[0]
    for text, line in zip(lines.get_texts(), lines.get_lines(), strict=True):
        assert to_rgb(line.get_color()) == shown[text.get_text()]
    assert set(shown) == {label_of("control"), *(label_of(*run) for run in RUNS)}
    assert len(set(shown.values())) == 4


def test_boxes_are_the_quartiles_of_each_method_at_each_dose(small):
    figure, _ = drawn(cells_per_dose, *small)
    scores = table(small[0], "sciplex/scores/named_0.tsv.gz")
    up_left, up_right, down_left, _ = figure.axes
    for axes, metric, genes in (
        (up_left, "r2_mean", "all"),
        (up_right, "r2_mean", "deg_pooled"),
        (down_left, "change_pearson", "all"),
    ):
        expected = [
            np.quantile(of(rows, method=method, start=start)["value"], [0.25, 0.75])
            for _, rows in of(scores, metric=metric, genes=genes).groupby("dose")
            for method, start in [("control", ""), *RUNS]
        ]
        found = [patch.get_path().get_extents() for patch in axes.patches]
        np.testing.assert_allclose([[box.y0, box.y1] for box in found], expected, atol=1e-6)
        middles = [(box.x0 + box.x1) / 2 for box in found]
        assert np.array_equal(np.round(middles), np.repeat(range(4), 4))
    ticks = [text.get_text() for text in up_left.get_xticklabels()]
    assert ticks == [f"{dose}\nn = 27" for dose in ("10 nM", "100 nM", "1 µM", "10 µM")]
    assert "doing nothing is 0" in down_left.get_ylabel()


def test_values_far_below_are_counted_and_no_box_is_cut(small, tmp_path):
    def fails(scores):
        worst = (scores["start"] == "strict") & (scores["genes"] == "all")
        return scores.assign(value=scores["value"].where(~worst, -7.0))

    path = "sciplex/scores/named_0.tsv.gz"
    folder = changed(*small, path, fails, tmp_path)
    axes = drawn(cells_per_dose, folder, small[1])[0].axes
    assert axes[0].get_ylim()[0] < -7
    assert not axes[0].texts
    below = of(table(folder, path), metric="r2_mean", genes="deg_pooled")
    below = below[below["method"].isin(["control", "rdkit"])]["value"] < -1
    assert axes[1].texts[0].get_text().startswith(f"{below.sum()} of ")
    assert axes[1].get_ylim()[0] > -1.5


def test_signatures_without_doses_have_one_group_beside_the_mean_of_the_line(tmp_path):
    config = config_of({"op3": {}})
    methods = ["line_mean", "kernel"]
    write_tables(tmp_path, config, lines=2, methods=methods, signatures=["op3"])
    figure, found = drawn(cells_per_dose, tmp_path, config)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["n = 18"]
    assert len(figure.axes[0].patches) == 4
    assert set(found["method"]) == {"line_mean", "rdkit"}
    assert figure.axes[0].get_ylabel() == metric_label("pearson")
    bars, of_drugs = drawn(cells_by_drug, tmp_path, config)
    assert set(of_drugs["metric"]) == {"pearson"}
    assert bars.axes[0].get_title() == "op3, named drugs held out: all genes"


def test_dots_stand_at_the_scores_of_the_highest_dose_controls_on_top(small):
    figure, _ = drawn(cells_scores, *small)
    metrics = table(small[0], "metrics.tsv")
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[:3] == list(map(label_of, ["control", "other_half", "line_mean"]))
    assert names[-3:] == [label_of(*run) for run in RUNS]
    for axes, metric in zip(figure.axes, cells_scores.COLUMNS, strict=True):
        expected = of(metrics, metric=metric[0], dose="10", genes="all").dropna(subset="value")
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        found = {names[round(dot.get_ydata()[0])]: dot.get_xdata()[0] for dot in dots}
        told = {label_of(row.method, row.start): row.value for row in expected.itertuples()}
        assert found == pytest.approx(told)
        spans = [line for line in axes.lines if len(line.get_xdata()) == 2]
        ends = {names[round(s.get_ydata()[0])]: tuple(s.get_xdata()) for s in spans[: len(dots)]}
        for row in expected.itertuples():
            assert ends[label_of(row.method, row.start)] == pytest.approx((row.low, row.high))
        chance = [line.get_xdata()[0] for line in spans if line.get_linestyle() == ":"]
        assert chance == [judged_cells.CHANCE[metric[0]]]
    undefined = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert undefined == [[], ["not defined"], [], []]  # of the control, nothing is the drug's own


def test_scores_are_of_the_highest_dose_that_most_drugs_have(small, tmp_path):
    def rare(metrics):
        few = of(metrics, dose="10").assign(dose="20", drugs=2)
        return pd.concat([metrics, few])

    folder = changed(*small, "metrics.tsv", rare, tmp_path)
    _, found = drawn(cells_scores, folder, small[1])
    assert set(found["dose"]) == {10}


def test_bars_are_means_over_lines_and_seeds_from_the_lowest_control(large, of_large):
    folder, config = large
    figure, _ = of_large("cells_by_drug")
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == [
        label_of("control"),
        *(label_of(*run) for run in RUNS),
    ]  # the first network alone
    files = cells_by_drug.FIGURE.files(config)["scores"]
    assert [Path(path).name for path in files] == [
        *("drugs_0.tsv.gz", "drugs_1.tsv.gz"),  # no lines, whose drugs are trained on
        "named_0.tsv.gz",
    ]
    scores = pd.concat([read_table(folder / path).fillna({"start": ""}) for path in files[:2]])
    scores = of(scores, dose=10, metric="r2_mean", genes="all")
    rows = [axes for axes in figure.axes if "sciplex" in axes.get_title()][:2]
    places = [text.get_text() for axes in rows for text in axes.get_xticklabels()]
    assert len(places) == scores["drug"].nunique() == 64
    control = of(scores, method="control").groupby("drug")["value"].mean().sort_values()
    assert places[:9] == [shortened(drug, 18) for drug in control.index[:9]]
    for number, (method, start) in enumerate([("control", ""), *RUNS]):
        expected = of(scores, method=method, start=start).groupby("drug")["value"].mean()
        heights = [height for axes in rows for height in heights_of(axes.containers[number])]
        np.testing.assert_allclose(heights, expected[control.index], atol=1e-5)


def test_bars_without_doing_nothing_stand_by_what_there_is(small, tmp_path):
    """A target whose table lacks the control has its drugs by the mean of the line."""

    def without(scores):
        return scores[scores["method"] != "control"]

    folder = changed(*small, "sciplex/scores/named_0.tsv.gz", without, tmp_path)
    figure, _ = drawn(cells_by_drug, folder, small[1])
    heights = heights_of(figure.axes[0].containers[0])
    assert heights == sorted(heights)
    assert figure.legends[0].get_texts()[0].get_text() == label_of("line_mean")


def test_a_bar_that_is_cut_says_its_value(small, tmp_path):
    def one_fails(scores):
        fails = (scores["drug"] == "A366") & (scores["start"] == "overlap")
        return scores.assign(value=scores["value"].where(~fails, -3.5))

    folder = changed(*small, "sciplex/scores/named_0.tsv.gz", one_fails, tmp_path)
    axes = drawn(cells_by_drug, folder, small[1])[0].axes[0]
    assert [text.get_text() for text in axes.texts] == [" -3.50"]
    assert axes.get_ylim()[0] == -1


def test_names_of_many_drugs_do_not_overlap(of_large):
    figure, renderer = of_large("cells_embedding")
    for axes in figure.axes:
        boxes = [Text.get_window_extent(text, renderer) for text in axes.texts]
        assert len(boxes) == 60
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_doses_and_long_names_are_short():
    doses = [0.01, 0.3, 1.0, 10.0, 2.5, float("nan")]
    assert [*map(dose_label, doses)] == ["10 nM", "300 nM", "1 µM", "10 µM", "2.5 µM", ""]
    long_name = label_of("a_model_with_a_name_that_is_much_too_long", "strict")
    assert long_name == "a_model_with_a_name_that_is…, pretrained"


def test_genes_listed_by_dose_stand_in_where_none_are_over_doses(small, tmp_path):
    def without(scores):
        return scores[scores["genes"] != "deg_pooled"]

    folder = changed(*small, "sciplex/scores/named_0.tsv.gz", without, tmp_path)
    for module in (cells_per_dose, cells_by_drug):
        figure, found = drawn(module, folder, small[1])
        assert GENES["deg"] in figure.axes[1].get_title()
        assert set(found["genes"]) == {"all", "deg"}
        _, found = drawn(module, *small)
        assert set(found["genes"]) == {"all", "deg_pooled"}
        assert "pearson" not in set(found["metric"])  # which is not drawn of cells
