"""The figures of what networks have learned show the tables that they are given."""

import judged_cells
import numpy as np
import pandas as pd
import pytest
from judged_cells import changed, config_of, drawn, of, table, write_tables

from lacuna.single_cell import stage
from lacuna.single_cell.figures import (
    cells_disentanglement,
    cells_embedding,
    cells_examples,
    cells_losses,
)
from lacuna.single_cell.shown import shortened


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One target, nine drugs held out, three starts of one network."""
    folder, config = tmp_path_factory.mktemp("small"), config_of()
    write_tables(folder, config, genes=12, laid_out=4)
    return folder, config


def test_drugs_lie_at_both_ends_of_the_doses_and_unseen_ones_are_named(small, tmp_path):
    def with_a_middle(layout):
        return pd.concat([layout, layout.assign(dose=1.0, x=99.0)])

    folder = changed(*small, "map.tsv", with_a_middle, tmp_path)
    figure, found = drawn(cells_embedding, folder, small[1])
    assert [axes.get_title() for axes in figure.axes] == ["rdkit: 10 nM", "rdkit: 10 µM"]
    layout = table(small[0], "map.tsv")
    pd.testing.assert_frame_equal(found.fillna(""), layout.fillna(""))
    unseen = layout.loc[layout["held_out"], "drug"].unique()
    for axes in figure.axes:
        assert {text.get_text() for text in axes.texts} == {shortened(drug, 20) for drug in unseen}


def test_names_move_as_little_as_can_be():
    apart = cells_embedding._apart(np.array([0.1, 0.5, 0.5, 0.9]), 0.1)
    np.testing.assert_allclose(apart, [0.1, 0.45, 0.55, 0.9])
    crowded = cells_embedding._apart(np.full(5, 0.98), 0.1)
    np.testing.assert_allclose(crowded, [0.6, 0.7, 0.8, 0.9, 1.0])


def test_colours_are_of_pathways_and_grey_where_none_is_known(small):
    figure, _ = drawn(cells_embedding, *small)
    layout = table(small[0], "map.tsv").fillna({"pathway": ""})
    at_top = of(layout, dose=10)
    lines = {line.get_color(): line for line in figure.axes[1].lines if line.get_mfc() != "none"}
    grey = lines[cells_embedding.OTHERS]
    np.testing.assert_allclose(grey.get_xdata(), of(at_top, pathway="")["x"])
    legend = figure.legends[0]
    for text, handle in zip(legend.get_texts(), legend.get_lines(), strict=True):
        if text.get_text() in judged_cells.PATHWAYS:
            shown = lines[handle.get_color()]
            assert shown.get_marker() == handle.get_marker()
            np.testing.assert_allclose(shown.get_xdata(), of(at_top, pathway=text.get_text())["x"])


def test_examples_are_of_the_network_that_is_written_at_the_highest_dose(small, tmp_path):
    folder, config = small
    path = "sciplex/examples/named_0.tsv"

    def lower_and_more_lines(found):
        more = [of(found, line="LINE0").assign(line=f"MORE{i}") for i in range(3)]
        return pd.concat([found, *more, found.assign(dose=0.1, predicted=99)])

    folder = changed(folder, config, path, lower_and_more_lines, tmp_path)
    figure, found = drawn(cells_examples, folder, config)
    assert set(found["start"]) == {"strict"}
    assert set(found["method"]) == {"rdkit"}
    assert found["line"].unique().tolist() == ["LINE0", "LINE1", "LINE2", "MORE0"]
    assert set(found["dose"]) == {10}
    first = figure.axes[0]
    assert first.get_title() == "sciplex, best: (+)-JQ1\nLINE0, 10 µM"
    rows = of(found, which="best", line="LINE0")
    change = (rows["measured"] - rows["control"]).to_numpy()
    rows = rows.iloc[np.argsort(-change, kind="stable")]
    assert [text.get_text() for text in first.get_yticklabels()] == rows["gene"].to_list()
    marks = {line.get_marker(): line.get_xdata() for line in first.lines}
    for marker, column in {"|": "control", "o": "measured", "D": "predicted"}.items():
        np.testing.assert_allclose(marks[marker], rows[column])
    spans = np.array([path.vertices[:, 0] for path in first.collections[0].get_paths()])
    np.testing.assert_allclose(spans, rows[["low", "high"]])
    assert first.get_ylim()[0] > first.get_ylim()[1]  # the most raised on top


def test_examples_of_other_methods_are_shown_where_the_network_is_missing(small, tmp_path):
    def plain(found):
        return found[found["start"] == ""]

    folder = changed(*small, "sciplex/examples/named_0.tsv", plain, tmp_path)
    _, found = drawn(cells_examples, folder, small[1])
    assert len(found["method"].unique()) == 1
    assert found["low"].isna().all()


def test_losses_are_named_by_their_files_and_gaps_are_passed_over(tmp_path):
    config = config_of({"a_b": {"splits": ["named", "lines"], "lines": ["LINE0"]}}, seeds=2)
    write_tables(tmp_path, config, genes=3)
    figure, found = drawn(cells_losses, tmp_path, config)
    names = ["target", "method", "start", "fold", "seed"]
    told = found[names].drop_duplicates().astype({"seed": int})
    expected = [
        (target, model, start, fold, seed)
        for target in stage.targets(config)
        for fold in stage.folds(config, target)
        for model, start, seed in stage.runs(config, target, fold)
    ]
    assert [*told.itertuples(index=False, name=None)] == expected
    training, validation = figure.axes[:2]
    assert [len(line.get_xdata()) for line in validation.lines] == [6] * len(training.lines)
    assert {len(line.get_xdata()) for line in training.lines} == {60}
    assert training.lines[0].get_xdata()[0] == 1


def test_a_training_that_diverges_leaves_the_others_to_be_seen(small, tmp_path):
    def diverges(losses):
        return losses.assign(training=[*losses["training"][:57], -1e9, -1e9, -np.inf])

    path = "sciplex/trained/rdkit/strict/named_0_0_losses.tsv"
    figure, _ = drawn(cells_losses, changed(*small, path, diverges, tmp_path), small[1])
    assert figure.axes[0].get_ylim()[0] > -10
    assert [text.get_text() for text in figure.axes[0].texts] == ["3 of 180 beyond"]
    assert not figure.axes[1].texts


def test_stages_of_a_training_have_lines_of_their_own(small, tmp_path):
    def two(losses):
        return losses.assign(stage=["bulk"] * 30 + ["cells"] * 30)

    path = "sciplex/trained/rdkit/strict/named_0_0_losses.tsv"
    figure, _ = drawn(cells_losses, changed(*small, path, two, tmp_path), small[1])
    styles = [line.get_linestyle() for line in figure.axes[0].lines]
    assert styles == ["-", "--", "-", "-"]  # in the order of the files: scratch is cells
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said[-2:] == ["stage: cells", "stage: bulk"]


def test_trainings_that_fail_are_hollow_and_lines_say_what_is_expected(small, tmp_path):
    def in_part(found):
        untold = (found["of"] == "line") & (found["start"] == "scratch")
        return found.assign(passes=found["passes"].astype(object).where(~untold))

    folder = changed(*small, "disentanglement.tsv", in_part, tmp_path)
    figure, _ = drawn(cells_disentanglement, folder, small[1])
    expected = table(small[0], "disentanglement.tsv")
    for axes, what in zip(figure.axes, ("drug", "line"), strict=True):
        marks = [line for line in axes.lines if line.get_marker() in ("o", "s")]
        rows = of(expected, of=what)
        assert [mark.get_xdata()[0] for mark in marks] == pytest.approx(rows["accuracy"].to_list())
        assert [mark.get_marker() for mark in marks] == ["o", "s"] * 3
        hollow = [mark.get_markerfacecolor() == "white" for mark in marks]
        fails = ~rows["passes"] & ~((rows["start"] == "scratch") & (what == "line"))
        assert hollow == fails.to_list()
        at = {line.get_linestyle(): line.get_xdata()[0] for line in axes.lines[len(marks) :]}
        assert at == {":": rows["most_frequent"].iloc[0], "--": rows["threshold"].iloc[0]}
    assert any(~expected["passes"])


def test_every_column_of_losses_has_a_panel(small, tmp_path):
    def more(losses):
        return losses.rename(columns={"reconstruction": "penalty_of_weights"})

    path = "sciplex/trained/rdkit/scratch/named_0_0_losses.tsv"
    figure, _ = drawn(cells_losses, changed(*small, path, more, tmp_path), small[1])
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels[:2] == ["training", "validation"]
    assert set(labels[2:]) == {
        *("penalty of weights", "reconstruction", "drug adversary", "line adversary")
    }
