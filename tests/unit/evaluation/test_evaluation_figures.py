"""Figures of the evaluation: the same bytes each time, and showing what they are given."""

import numpy as np
import pandas as pd
import pytest

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import (
    deg_roc,
    expected_r,
    gene_correlations,
    parts,
    predicted_vs_true,
    similar_drugs,
    subsets,
)

METHODS = ["mean_1d", "dnpp", "a_new_method"]


def scored_parts():
    """Each method's drugs, cells and genes; drugs have no interval."""
    both = pd.MultiIndex.from_product([METHODS, ["drug", "cell", "gene"], range(7)])
    table = both.to_frame(index=False, name=["method", "part", "name"])
    return table.assign(pct=np.linspace(-0.2, 0.9, len(table)))


def cells_kept():
    """Three methods in four cells, of which the last keeps most; and their means."""
    both = pd.MultiIndex.from_product([METHODS, [f"c{i}" for i in range(4)]])
    table = both.to_frame(index=False, name=["method", "cell"]).assign(halves=0.5)
    means = {"method": METHODS, "metric": "kept", "value": [0.3, 0.5, 0.4], "low": 0.2, "high": 0.6}
    return table.assign(kept=np.linspace(0, 1, 12)), pd.DataFrame(means)


def without_similar():
    """Three methods at three thresholds in two splits; the lowest has too few drugs."""
    both = pd.MultiIndex.from_product([["profiles", "drugs"], METHODS, [0.3, 0.6, 1.0]])
    table = both.to_frame(index=False, name=["split", "method", "threshold"])
    table = table.assign(drugs=[3, 20, 30] * 6, profiles=90, pct=np.linspace(0, 0.9, 18))
    few = table["drugs"] < 5
    return table.assign(low=table["pct"].mask(few) - 0.1, high=table["pct"].mask(few) + 0.1)


def by_drugs():
    both = pd.MultiIndex.from_product([METHODS, [10, 20]]).to_frame(False, ["method", "drugs"])
    return both.assign(repeats=3, sd=0.1, mean=np.linspace(0.1, 0.6, 6))


def judged_tiers():
    """Two methods, single profiles and drugs, three tiers; the last is of few drugs."""
    both = pd.MultiIndex.from_product(
        [["profiles", "drugs"], METHODS[1:], ["good", "fair", "poor"]]
    )
    table = both.to_frame(index=False, name=["split", "method", "tier"])
    table = table.assign(expected=[0.75, 0.6, 0.1] * 4, profiles=[300, 80, 9] * 4)
    table["observed"] = table["expected"] + 0.03
    few = table["profiles"] < 50
    ends = {"low": table["observed"].mask(few) - 0.1, "high": table["observed"].mask(few) + 0.1}
    return table.assign(**ends)


DRAWN = {
    "expected": lambda: expected_r.draw(judged_tiers(), METHODS[1:], "data"),
    "nothing judged": lambda: expected_r.draw(judged_tiers()[:0], ["dnpp"], "data"),
    "subsets": lambda: subsets.draw(by_drugs(), "data"),
    "no subset": lambda: subsets.draw(by_drugs()[:0], "data"),
    "parts": lambda: parts.draw(scored_parts(), METHODS, "data"),
    "genes": lambda: gene_correlations.draw(*cells_kept(), METHODS, "data"),
    "no cell": lambda: gene_correlations.draw(*(t[:0] for t in cells_kept()), METHODS, "data"),
    "similar": lambda: similar_drugs.draw(without_similar(), METHODS, ["profiles"], "data"),
    "no structure": lambda: similar_drugs.draw(without_similar()[:0], METHODS, ["drugs"], "data"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_the_same_bytes_each_time(name, tmp_path):
    for run in ("first", "second"):
        outputs = [tmp_path / run / f"figure.{ending}" for ending in ("svg", "png", "tsv")]
        save_figure(DRAWN[name](), pd.DataFrame({"x": [1]}), outputs)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        assert path.stat().st_size > 0


def test_parts_have_a_box_per_method_in_one_order():
    panels = parts.draw(scored_parts(), METHODS, "data").axes
    assert [panel.get_title() for panel in panels] == ["7 drugs", "7 cells", "7 genes"]
    expected = scored_parts().groupby(["part", "method"])["pct"].median()
    ranked = expected["drug"].sort_values().index
    for panel, part in zip(panels, ("drug", "cell", "gene"), strict=True):
        medians = [line.get_xdata()[0] for line in panel.lines if line.get_linewidth() == 1.6]
        assert medians == pytest.approx([expected[part, method] for method in ranked])


def test_a_row_holds_the_cells_of_its_method_and_their_mean():
    table, _ = cells_kept()
    panel = gene_correlations.draw(*cells_kept(), METHODS, "data").axes[0]
    named = [label.get_text() for label in panel.get_yticklabels()]
    assert named == ["1D-Mean", "a_new_method", "DNPP"]  # by mean: 0.3, 0.4, 0.5
    bars = [line.get_xdata() for line in panel.lines if line.get_markersize() == 9]
    for row, method in zip(bars, ["mean_1d", "a_new_method", "dnpp"], strict=True):
        assert list(row) == table.loc[table["method"] == method, "kept"].tolist()


def test_thresholds_have_their_drugs_and_intervals_only_where_they_are_known():
    figure = similar_drugs.draw(without_similar(), METHODS, ["profiles", "drugs"], "data")
    table = without_similar()
    for panel, split in zip(figure.axes, ("profiles", "drugs"), strict=True):
        ticks = [label.get_text() for label in panel.get_xticklabels()]
        assert ticks == ["0.3\n3", "0.6\n20", "1.0\n30"]
        for (line, _, (bars,)), method in zip(panel.containers, METHODS, strict=True):
            rows = table[(table["split"] == split) & (table["method"] == method)]
            assert list(line.get_ydata()) == rows["pct"].tolist()
            known = rows["low"].notna().to_numpy()
            drawn = np.array([bar for bar in bars.get_segments() if len(bar)])
            assert len(drawn) == known.sum() == 2
            assert np.array_equal(drawn[:, 0, 0], line.get_xdata()[known])  # on its interval
            assert np.allclose(drawn[:, :, 1], rows.loc[known, ["low", "high"]])


def test_subsets_have_a_curve_per_method():
    panel = subsets.draw(by_drugs(), "data").axes[0]
    drawn = [list(curve[0].get_ydata()) for curve in panel.containers]
    assert drawn == by_drugs()["mean"].to_numpy().reshape(3, 2).tolist()
    assert list(panel.get_xticks()) == [10, 20]


@pytest.mark.parametrize("few", [True, False])
def test_methods_are_drawn_where_drugs_are_too_few_for_intervals(few, tmp_path):
    low, high = (np.nan, np.nan) if few else (0.1, 0.9)
    both = pd.MultiIndex.from_product([METHODS, ["pct", "deg_auc_1", "deg_auc_10"]])
    metrics = both.to_frame(index=False, name=["method", "metric"])
    metrics = metrics.assign(size="large", split="profiles", value=0.5, low=low, high=high)
    rates = pd.DataFrame({"false_positive_rate": [0, 0.2, 1], "true_positive_rate": [0, 0.7, 1]})
    roc = both.to_frame(index=False, name=["method", "metric"]).merge(rates, how="cross")
    roc["percent"] = roc["metric"].map({"deg_auc_1": 1, "deg_auc_10": 10})
    metrics.to_csv(tmp_path / "metrics.tsv", sep="\t", index=False)
    roc.dropna().to_csv(tmp_path / "roc.tsv", sep="\t", index=False)
    files = {"roc": [tmp_path / "roc.tsv"], "metrics": tmp_path / "metrics.tsv"}
    figure, _ = deg_roc.make(files, {"methods": METHODS, "data": "data"})
    assert [len(panel.lines) for panel in figure.axes] == [4, 4]  # the diagonal and the methods
    density = pd.MultiIndex.from_product([METHODS, [-0.1, 0, 0.1], [-0.1, 0, 0.1]])
    density = density.to_frame(index=False, name=["method", "true", "predicted"])
    pct = metrics[metrics["metric"] == "pct"]
    panels = predicted_vs_true.draw(density.assign(entries=5), pct, "data").axes[:3]
    said = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    for text in (*said, *(panel.get_title() for panel in panels)):
        assert ("0.5" in text) and ("nan" not in text)
        assert ("[" in text) != few
    assert ("too few drugs" in figure.axes[0].get_legend().get_title().get_text()) == few


def test_a_tier_stands_where_it_was_expected_and_observed_and_is_hollow_if_small():
    table = judged_tiers()
    panels = np.reshape(expected_r.draw(table, METHODS[1:], "data").axes, (2, 2))
    assert [panel.get_title() for panel in panels[0]] == ["single profiles", "whole drugs"]
    for method, line in zip(METHODS[1:], panels, strict=True):
        for split, panel in zip(("profiles", "drugs"), line, strict=True):
            rows = table[(table["method"] == method) & (table["split"] == split)]
            for row, (point, _, bars) in zip(rows.itertuples(), panel.containers, strict=True):
                assert point.get_xydata().tolist() == [[row.expected, row.observed]]
                assert (point.get_markerfacecolor() == "white") == (row.profiles < 50)
                assert bool(bars) == (row.profiles >= 50)
                if bars:
                    ends = bars[0].get_segments()[0][:, 1]
                    assert ends == pytest.approx([row.low, row.high])
            said = [text.get_text() for text in panel.texts]
            assert said == ["good: 300", "fair: 80", "poor: 9"]
