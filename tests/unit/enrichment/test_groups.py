"""The profiles that are asked: groups of cells that respond alike, and completed ones."""

import numpy as np
import pytest
from planted import enriched
from toy import axes_of, clustered, replicated

from lacuna.completion.interface import Completion
from lacuna.completion.writer import write_completed
from lacuna.enrichment import checks, stage
from lacuna.enrichment.figures.enriched_sets import SHOWN, draw
from lacuna.enrichment.groups import LABEL, cell_groups, completed_profiles, two_groups
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet


def test_planted_groups_are_found_the_larger_one_first():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(2, 60))
    planted = np.array([1, 0, 0, 1, 0, 0, 0])
    profiles = directions[planted] + 0.3 * rng.normal(size=(7, 60))
    assert two_groups(profiles).tolist() == planted.tolist()
    assert two_groups(profiles[:2]).tolist() == [0, 1]
    assert two_groups(np.zeros((3, 60))).tolist() == [0, 0, 0]


def test_a_group_is_the_mean_of_its_cells():
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(2, 60))
    place = np.array([0, 0, 0, 1, 1])
    rows = directions[place] + 0.2 * rng.normal(size=(5, 60))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    cells = np.array(["E", "D", "C", "B", "A"])
    names = np.array([f"g{i}" for i in range(60)])
    tensor = ProfileSet(rows, np.zeros(5, int), np.arange(5), np.array(["d"]), cells, names)
    table = cell_groups(tensor, ["M3"], list(names), ["m3"])
    assert list(table.index.names) == LABEL
    assert table.index.get_level_values("cells").tolist() == ["C, D, E", "A, B"]
    assert np.allclose(table.to_numpy(), [rows[:3].mean(axis=0), rows[3:].mean(axis=0)])


def test_completed_profiles_say_whether_they_were_measured(tmp_path):
    tensor = clustered(drugs=12, cells=4)
    missing = tensor.missing_pairs
    predicted = np.random.default_rng(0).normal(size=(len(missing), len(tensor.genes)))
    completion = Completion(predicted.astype(np.float32))
    write_completed(tmp_path / "p.gctx", replicated(tensor), [completion], **axes_of(tensor))
    measured = {"drug": tensor.drugs[tensor.drug[0]], "cell": tensor.cells[tensor.cell[0]]}
    gap = {"drug": tensor.drugs[missing[0, 0]], "cell": tensor.cells[missing[0, 1]]}
    table = completed_profiles(tmp_path / "p.gctx", [measured, gap])
    assert table.index.get_level_values("source").tolist() == ["measured", "predicted"]
    assert np.allclose(table.to_numpy()[0], tensor.profiles[0])
    assert np.allclose(table.to_numpy()[1], predicted[0], atol=1e-6)
    with pytest.raises(LacunaError, match=r"enrichment: profiles: .*no drug 'nobody'"):
        completed_profiles(tmp_path / "p.gctx", [{"drug": "nobody", "cell": "x"}])


def config(**block):
    known = {"cell_groups": False, "profiles": [], "permutations": 100} | block
    empty = ("annotations", "external", "rnaseq", "cells", "vectors", "series", "pairs")
    acquire: dict[str, object] = {key: {} for key in empty} | {"gene_sets": []}
    acquire |= dict.fromkeys(["genes", "gene_facts", "mirror"])
    completion = {"methods": ["dnpp"], "completed": []}
    return {"enrichment": known, "acquire": acquire | {"source": "files"}, "completion": completion}


def test_what_is_missing_is_said_before_anything_runs():
    checks.check(config())
    assert not stage.wanted(config())
    asked = config(profiles=[{"drug": "a", "cell": "b"}])
    with pytest.raises(LacunaError, match="acquire: gene_sets is empty"):
        checks.check(asked)
    asked["acquire"]["gene_sets"] = ["mine.gmt"]
    with pytest.raises(LacunaError, match="completion: completed is empty"):
        checks.check(asked)
    asked["completion"]["completed"] = ["dnpp", "kernel"]
    assert stage.product(asked) == {"product": "completed/dnpp.gctx"}
    asked["completion"]["methods"] = []
    checks.check(asked)


def test_the_figure_shows_the_sets_furthest_from_0_and_darkens_the_sure_ones():
    table = enriched()
    figure = draw(table, "data")
    axes = figure.axes[0]
    expected = table[:12].loc[table[:12]["nes"].abs().nlargest(SHOWN).index].sort_values("nes")
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected["nes"].tolist())
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == expected["set"].tolist()
    dark = [sum(bar.get_facecolor()[:3]) < 1.5 for bar in axes.patches]
    assert dark == (expected["fdr"] < 0.05).tolist()
    assert sum(bool(panel.get_title()) for panel in figure.axes) == 3
