"""Figures: the same bytes each time, whole, and showing what they are given."""

import judged_cells
import numpy as np
import pandas as pd
import planted
import pytest

from lacuna.cell_to_cell.analyses import no_setting
from lacuna.cell_to_cell.figures import (
    bound_factors,
    factors,
    important_gene_sets,
    important_genes,
    latent_correlation,
    latent_states,
    transfer,
    variations,
)
from lacuna.cell_to_cell.variations import SUMMARY
from lacuna.classification.areas import AREAS
from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.figures import class_gain, class_predicted, class_similarity
from lacuna.classification.models import PROTOCOLS
from lacuna.drawing.palette import method_colours
from lacuna.drawing.style import save_figure
from lacuna.enrichment.figures import enriched_sets
from lacuna.evaluation.figures import (
    best_method,
    calibration,
    completer_times,
    completers,
    deg_roc,
    density,
    heatmaps,
    overview,
    predicted_vs_true,
)
from lacuna.report.figures import p_values
from lacuna.signatures.figures import plate_quality
from lacuna.tensor.figures import cell_specificity, coverage

METHODS = ["mean_1d", "dnpp", "a_new_method"]


def scores(metric):
    return pd.DataFrame(
        {"method": METHODS, "metric": metric, "value": [0.3, 0.5, 0.4], "low": 0.2, "high": 0.6}
    )


def heatmap_entries():
    """Two drugs, of 2 and of 50 cells, with entries that count up; and one method at half."""
    tables = []
    for drug, cells in (("one", 2), ("two", 50)):
        places = {"cell": np.repeat([f"c{i}" for i in range(cells)], 7)}
        places |= {"gene": [f"g{i}" for i in range(7)] * cells, "name": drug, "drug": drug}
        for panel, scale in (("measured", 1), ("dnpp", 0.5)):
            value = scale * np.linspace(-1, 1, 7 * cells)
            scores = {"panel": panel, "value": value, "correlation": 0.25, "specificity": 0.75}
            tables.append(pd.DataFrame(places | scores))
    return pd.concat(tables, ignore_index=True)


def class_experiments():
    """Two profile types, a class and a target, all models, both protocols, two methods."""
    rng = np.random.default_rng(0)
    places = pd.MultiIndex.from_product(
        [["dnpp", "kernel"], ["c1", "mean"], ["ATC L", "target T"], CLASSIFIERS, PROTOCOLS],
        names=["method", "profile_type", "task", "model", "protocol"],
    )
    table = pd.DataFrame(index=places).reset_index()
    areas = {f"auc_{area}": rng.uniform(0.4, 1, len(table)) for area in AREAS}
    return table.assign(kind=table["task"].str.split().str[0], gain=0.1, on_predicted=0, **areas)


def class_tests(groups):
    names = pd.MultiIndex.from_product(
        [["dnpp", "kernel"], PROTOCOLS, groups], names=["method", "protocol", "group"]
    )
    return pd.DataFrame(index=names).reset_index().assign(difference=0.1, low=0.05, high=0.15)


def varied():
    """Three methods, compared with the best; two families of their own drugs, with nothing."""
    methods = pd.DataFrame({"setting": METHODS, "value": [0.2, 0.6, 0.4], "drugs": 9})
    methods = methods.assign(analysis="methods", reference="dnpp", reference_value=0.6)
    names = ["a mechanism of action with a very long name", "another"]
    families = pd.DataFrame({"setting": names, "value": [0.2, 0.3], "drugs": [5, 7]})
    table = pd.concat([methods, families.assign(analysis="families")], ignore_index=True)
    ends = {"low": table["value"] - 0.1, "high": table["value"] + 0.1}
    table = table.assign(into="all", repeats=1, copy=0.1, copy_low=0, copy_high=np.nan, **ends)
    shifts = {"MCF7": -0.05, "PC3": 0.05}
    into = [table.assign(into=cell, value=table["value"] + by) for cell, by in shifts.items()]
    return pd.concat([table, *into], ignore_index=True)


def agreement():
    measures = ["silhouette", "same_drug", "different_drugs", "difference", "retrieval"]
    both = [(space, measure) for space in ("input", "latent") for measure in measures]
    table = pd.DataFrame(both, columns=["space", "measure"])
    return table.assign(value=0.5, low=0.4, high=0.6)


def make_cell_to_cell(name):
    """Figures of what DeepCellState has learned; None for others."""
    rng = np.random.default_rng(0)
    cells = ["CELL0", "CELL1"]
    if name == "latent_states":
        table = pd.DataFrame({"drug": np.repeat(np.arange(6), 2), "cell": cells * 6})
        table["pearson"] = np.linspace(0, 1, 12)
        table[["x_input", "y_input", "x_latent", "y_latent"]] = rng.normal(size=(12, 4))
        return latent_states.draw(table, agreement(), "data")
    if name == "latent_correlation":
        table = pd.DataFrame({"drug": np.repeat(np.arange(4), 4), "other_drug": [0, 1, 2, 3] * 4})
        table = table.assign(cell="CELL0", other_cell="CELL1", input=0.1, latent=rng.random(16))
        return latent_correlation.draw(table, agreement(), "data")
    if name == "important_genes":
        genes = [f"G{gene}" for gene in range(60)]
        table = pd.DataFrame({"cell": np.repeat(cells, 60), "gene": genes * 2, "symbol": genes * 2})
        stability = pd.DataFrame({"cell": cells, "drugs": 9, "overlap": 7, "low": 5, "high": 9})
        stability = stability.assign(most_variable=8, chance=2.5, chance_high=6)
        return important_genes.draw(table.assign(scaled=rng.random(120)), stability, "data")
    if name.startswith("factors"):
        sets = {"factors": 5, "factors of many sets": 50, "factors without a set": 0}[name]
        table = pd.DataFrame({"set": [f"S{i}" for i in range(sets)] * 2})
        table["cell"], table["fold"] = np.repeat(cells, sets), 4 * rng.random(2 * sets)
        table = table.assign(
            control=1, control_low=0, control_high=2, p_control=rng.random(2 * sets)
        )
        return factors.draw(table, pd.DataFrame({"set": ["X"]}), "data")
    if name.startswith("bound_factors"):
        count = {"bound_factors": 6, "bound_factors without a factor": 0}[name]
        table = pd.DataFrame({"factor": [f"TF{i}" for i in range(count)] * 2})
        table["cell"] = np.repeat(cells, count)
        table[["fold_own", "fold_general", "control_own"]] = 3 * rng.random((2 * count, 3))
        summary = pd.DataFrame({"cell": cells, "what": "difference", "value": 0.4})
        summary = summary.assign(factors=6, higher=4, low=[-0.1, np.nan], high=[0.8, np.nan])
        left_out = pd.DataFrame({"factor": ["MYC"], "cell": "CELL0"})
        return bound_factors.draw(table, summary, left_out, "data")
    if name.startswith("important_gene_sets"):
        lists = ["CELL0", "CELL1", "CELL0 only", "CELL1 only", "all decoders"]
        table = pd.DataFrame({"list": np.repeat(lists, 12)})
        table["set"] = [f"S{i}" for i in range(12)] * 5
        table["common"], table["fdr"] = rng.integers(0, 9, 60), rng.random(60) / 8
        table = table.assign(random=1, random_high=3)
        control = pd.DataFrame({"list": lists, "listed": 50, "sets": 12, "significant": 4})
        control = control.assign(random_high=1)
        shown = [table, control] if name == "important_gene_sets" else [table[:0], control[:0]]
        return important_gene_sets.draw(*shown, "data")
    if name == "transfer":
        table = pd.DataFrame({"drug": np.repeat(np.arange(6), 2), "cell": cells * 6})
        ways = ["copy", "unregularised", "trained", "fine_tuned"]
        table[ways] = rng.random((12, 4))
        pairs = ["trained - copy", "trained - unregularised", "fine_tuned - trained"]
        summary = pd.DataFrame({"what": ways + pairs, "value": 0.1, "low": 0.0, "high": 0.2})
        summary = summary.assign(cell="all cells", drugs="not in training")
        return transfer.draw(table.assign(in_training=table["drug"] > 3), summary, "data")
    return None


def make(name):
    if name in judged_cells.FIGURES:
        return judged_cells.figure_of(name)
    of_cells = make_cell_to_cell(name)
    if of_cells is not None:
        return of_cells
    experiments = class_experiments()
    if name == "class_gain":
        return class_gain.draw(experiments, class_tests(["all"]), "data")
    if name == "class_predicted":
        return class_predicted.draw(experiments, class_tests(["ATC", "target"]), "data")
    if name.startswith("class_similarity"):
        table = planted.class_similar()
        return class_similarity.draw(table if name == "class_similarity" else table[:0], "data")
    if name == "enriched_sets":
        return enriched_sets.draw(planted.enriched(), "data")
    if name == "class_gain without a task":
        return class_gain.draw(experiments[:0], class_tests(["all"])[:0], "data")
    if name == "class_predicted without a task":
        return class_predicted.draw(experiments[:0], class_tests(["ATC"])[:0], "data")
    if name == "variations":
        return variations.draw(varied(), ["methods", "unseen_cell", "families"], "data")
    if name == "variations without a setting":
        return variations.draw(pd.DataFrame(columns=SUMMARY), ["unseen_cell", "families"], "data")
    rng = np.random.default_rng(0)
    measured = rng.random((30, 6)) < 0.5
    cells = [f"CELL{i}" for i in range(6)]
    if name == "coverage":
        return coverage.draw(measured, cells, "data")
    if name == "overview":
        metrics = pd.concat([scores("pct"), scores("deg_auc_1")])
        return overview.draw(measured, cells, metrics, "data")
    if name == "cell_specificity":
        table = pd.DataFrame(
            {"name": [f"drug {i}" for i in range(30)], "cells": 5, "specificity": rng.random(30)}
        )
        return cell_specificity.draw(table, "data")
    if name.startswith("plate_quality"):
        plates = {"plate_quality of few plates": 4, "plate_quality of many plates": 400}[name]
        table = pd.DataFrame(
            {
                "plate": [f"plate {i}" for i in range(plates)] * 3,
                "reference": np.repeat(["vehicle", "plate", "shrunk"], plates),
                "vehicle_wells": rng.integers(8, 30, 3 * plates),
                "common": rng.random(3 * plates),
                "replicate_cosine": rng.random(3 * plates),
                "mismatch_cosine": rng.random(3 * plates),
                "significant": rng.random(3 * plates),
            }
        )
        return plate_quality.draw(table, "vehicle", "data")
    if name == "p_values":
        counts = rng.integers(0, 50, 20) * np.repeat([[1], [0]], 20, axis=1)
        bins = {"low": np.arange(20) / 20, "high": np.arange(1, 21) / 20}
        both = zip(["with", "without"], counts, strict=True)
        tables = [pd.DataFrame({"series": s, "experiments": n, **bins}) for s, n in both]
        return p_values.draw(pd.concat(tables), "data")
    if name == "best_method":
        best = pd.DataFrame({"drug": ["d1", "d0"], "cell": ["c0", "c1"], "best": ["dnpp"] * 2})
        return best_method.draw(best, METHODS, ["d0", "d1"], ["c0", "c1"], "data")
    if name.startswith("calibration"):
        coverage_view = pd.DataFrame(
            {"view": "coverage", "stated": [0.5, 0.9], "observed": [0.4, 0.8]}
        )
        error_view = pd.DataFrame(
            {"view": "error", "stated": [0.02, 0.03], "observed": [0.02, 0.04]}
        )
        table = pd.concat([coverage_view.assign(low=0.3, high=0.9), error_view])
        table = pd.concat([table.assign(method=method) for method in METHODS])
        return calibration.draw(table if name == "calibration" else table[:0], "data")
    if name == "completer_times":
        return completer_times.draw(planted.completer_jobs(METHODS), METHODS, "data", 4)
    if name.startswith("completers"):
        return completers.draw(planted.completer_folds(METHODS), METHODS, "data")
    if name == "heatmaps":
        return heatmaps.draw(heatmap_entries(), "data")
    if name == "deg_roc":
        rates = {"false_positive_rate": [0, 0.2, 1], "true_positive_rate": [0, 0.7, 1]}
        both = [(method, percent) for method in METHODS for percent in (1, 10)]
        roc = pd.concat([pd.DataFrame({"method": m, "percent": p, **rates}) for m, p in both])
        auc = pd.concat([scores("").assign(percent=percent) for percent in (1, 10)])
        return deg_roc.draw(roc, auc, "data")
    if name == "density":
        both = [(method, percent) for method in METHODS for percent in (20, 40)]
        table = pd.DataFrame(both, columns=["method", "percent"])
        table = table.assign(repeats=3, mean=rng.random(len(table)), sd=0.1)
        sizes = pd.DataFrame(
            {"percent": [10, 20, 40], "profiles": [10, 20, 40], "left_out": ["too few", "", ""]}
        )
        return density.draw(table, sizes, "data")
    if name == "density of a tensor that has none":
        columns = ["method", "percent", "repeats", "mean", "sd"]
        sizes = pd.DataFrame({"percent": [10], "profiles": [10], "left_out": ["too few"]})
        return density.draw(pd.DataFrame(columns=columns), sizes, "data")
    values = np.round(np.arange(-3, 4) * 0.01, 2)
    grid = pd.DataFrame({"true": np.repeat(values, 7), "predicted": np.tile(values, 7)})
    entries = pd.concat([grid.assign(method=method, entries=5) for method in METHODS])
    return predicted_vs_true.draw(entries, scores("pct"), "data")


ALL = ["coverage", "overview", "cell_specificity", "best_method", "deg_roc", "predicted_vs_true"]
ALL += ["density", "density of a tensor that has none"]
ALL += ["plate_quality of few plates", "plate_quality of many plates", "p_values"]
ALL += ["class_gain", "class_predicted", "class_similarity", "class_similarity without a task"]
ALL += ["enriched_sets"]
ALL += ["class_gain without a task", "class_predicted without a task"]
ALL += ["variations", "variations without a setting"]
ALL += [
    "completer_times",
    "completers",
    "heatmaps",
    "calibration",
    "calibration of methods that state no error",
]

ALL += ["latent_states", "latent_correlation", "important_genes", "transfer"]
ALL += ["factors", "factors of many sets", "factors without a set", "important_gene_sets"]
ALL += ["bound_factors", "bound_factors without a factor", "important_gene_sets without a set"]

ALL += judged_cells.FIGURES


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_the_same_bytes_each_time(name, tmp_path):
    table = pd.DataFrame({"x": [1]})
    for run in ("first", "second"):
        outputs = [tmp_path / run / f"{name}.{ending}" for ending in ("svg", "png", "tsv")]
        save_figure(make(name), table, outputs)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        assert path.stat().st_size > 0


def test_a_grid_cell_has_the_colour_of_its_best_method():
    figure = make("best_method")
    image = figure.axes[0].get_images()[0]
    shown = image.get_array()
    assert shown[1, 0] == METHODS.index("dnpp")
    assert np.ma.getmaskarray(np.ma.masked_invalid(shown)).tolist() == [
        [True, False],
        [False, True],
    ]


def test_heatmaps_show_the_entries_in_order_on_one_scale():
    figure = make("heatmaps")
    panels = [axes for axes in figure.axes if axes.get_images()][:4]
    entries = heatmap_entries()
    drawn = [("one", "measured"), ("one", "dnpp"), ("two", "measured"), ("two", "dnpp")]
    for axes, (drug, panel) in zip(panels, drawn, strict=True):
        image = axes.get_images()[0]
        expected = entries[(entries["drug"] == drug) & (entries["panel"] == panel)]
        assert np.allclose(image.get_array().ravel(), expected["value"])
        assert image.get_array().shape == (expected["cell"].nunique(), 7)
        assert image.norm is panels[0].get_images()[0].norm
        assert "specificity 0.75" in axes.get_title()
    assert image.norm.vmin == -image.norm.vmax
    assert "DNPP\nr 0.25" in panels[1].get_title()
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["c0", "c1"]
    assert len(panels[2].get_yticklabels()) == 25


@pytest.mark.parametrize("count", range(2, 9))
def test_methods_are_told_apart_in_grey(count):
    colours = method_colours([f"m{i}" for i in range(count)])
    rgb = np.array(list(colours.values()))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16  # CIE L*, 0 to 100
    assert (np.diff(lightness) > 60 / count).all()


def test_the_worst_plates_are_named():
    figure = make("plate_quality of many plates")
    assert len(figure.axes[2].texts) == plate_quality.WORST_NAMED


def test_every_density_is_shown_or_said_to_be_left_out():
    panel = make("density").axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["20 %\n20", "40 %\n40"]
    assert panel.get_title() == "left out: 10 %, too few"


def test_the_legend_lists_methods_as_their_curves_end():
    ends = {
        line.get_label(): line[0].get_ydata()[-1] for line in make("density").axes[0].containers
    }
    listed = [text.get_text() for text in make("density").axes[0].get_legend().get_texts()]
    assert listed == sorted(ends, key=ends.get, reverse=True)


def test_settings_are_named_and_an_analysis_without_any_says_so():
    methods, unseen, families = make("variations").axes
    named = [label.get_text() for label in methods.get_yticklabels()]
    assert named == ["1D-Mean", "DNPP", "a_new_method"]
    assert "(9 test drugs)" in methods.get_title(loc="left")
    assert no_setting("unseen_cell") == unseen.texts[0].get_text().replace("\n", " ")
    long_name, short_name = [label.get_text() for label in families.get_yticklabels()]
    assert long_name.replace("\n", " ") == "a mechanism of action with a very long name (5)"
    assert short_name == "another (7)"
    # The mean, the copy, two directions; and what methods are compared with.
    assert [len(axes.containers) for axes in (methods, unseen, families)] == [5, 0, 4]
    legend = [text.get_text() for text in methods.figure.legends[0].get_texts()]
    assert {"into MCF7", "into PC3"} < {*legend}
    for axes, values in ((methods, (0.15, 0.55, 0.35)), (families, (0.15, 0.25))):
        of_cell = next(each for each in axes.containers if each.get_label() == "into MCF7")
        assert np.allclose(of_cell[0].get_xdata(), values)


def test_intervals_over_trainings_say_so_and_many_cells_are_drawn_as_their_mean():
    assert "intervals over drugs" in make("variations").get_suptitle()
    repeated = varied().assign(repeats=3)
    third = repeated[repeated["into"] == "PC3"].assign(into="A375")
    figure = variations.draw(pd.concat([repeated, third]), ["methods", "families"], "data")
    assert figure.get_suptitle() == "data; bars are 95 % intervals over drugs and 3 trainings"
    assert [len(axes.containers) for axes in figure.axes] == [3, 2]


def test_of_many_gene_sets_those_of_largest_fold_are_shown_and_the_rest_counted():
    figure = make("factors of many sets")
    assert len(figure.axes[0].get_yticklabels()) == factors.MOST_SHOWN
    assert figure.get_suptitle() == (
        "data: 50 gene sets, the 40 of largest mean fold shown; 1 more left out"
    )


def test_profiles_that_are_predicted_badly_are_hollow_and_none_is_missing():
    panel = make("latent_states").axes[0]
    points = sum(len(each.get_offsets()) for each in panel.collections)
    hollow = [each for each in panel.collections if (each.get_facecolors() == 1).all()]
    assert points == 12
    assert sum(len(each.get_offsets()) for each in hollow) == 5  # at 0.4 or less


def test_drugs_that_were_trained_on_are_hollow():
    ways = len(transfer.WAYS)
    lines = [line for line in make("transfer").axes[0].lines if len(line.get_xdata()) == ways]
    hollow = [line for line in lines if line.get_markerfacecolor() == "white"]
    assert (len(lines) - 1, len(hollow)) == (12, 4)  # one more line: the means
