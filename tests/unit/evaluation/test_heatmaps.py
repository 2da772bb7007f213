"""Drugs in all their cells: which, which genes, and in what order."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from toy import clustered, grid

from lacuna.errors import LacunaError
from lacuna.evaluation import heatmaps
from lacuna.evaluation.figures.heatmaps import draw
from lacuna.evaluation.heatmaps import choose_drugs, choose_genes, heatmap_table
from lacuna.tensor.specificity import cell_specificity


@pytest.fixture
def tensor():
    return clustered()


@pytest.fixture
def names(tensor):
    return [f"Drug {i}" for i in range(len(tensor.drugs))]


def test_the_genes_are_the_100_of_largest_variance_and_the_100_of_largest_median():
    profiles = np.random.default_rng(1).normal(size=(5, 400))
    by_variance = sorted(range(400), key=lambda gene: -np.var(profiles[:, gene]))
    by_median = sorted(range(400), key=lambda gene: -np.median(np.abs(profiles[:, gene])))
    expected = set(by_variance[:100]) | set(by_median[:100])
    assert 100 < len(expected) < 200
    assert choose_genes(profiles).tolist() == sorted(expected)


def test_without_a_wish_the_most_specific_of_the_well_covered_are_shown(tensor, names):
    cells = np.bincount(tensor.drug, minlength=len(names))
    opposed = tensor.drug == np.flatnonzero(cells == 2)[0]  # the most specific of all
    profiles = tensor.profiles.copy()
    profiles[opposed] = profiles[opposed][0] * np.array([[1], [-1]])
    tensor = replace(tensor, profiles=profiles)
    specificity = cell_specificity(tensor.profiles, tensor.drug).set_index("drug")["specificity"]
    enough = np.quantile(cells[cells > 1], 0.75)
    covered = [drug for drug in specificity.index if cells[drug] >= enough]
    expected = sorted(covered, key=lambda drug: -specificity[drug])[:3]
    chosen, left_out = choose_drugs(tensor, names, [])
    assert (chosen.tolist(), left_out) == (expected, [])
    assert specificity.idxmax() not in covered


def test_drugs_are_asked_for_by_id_or_name_in_any_case(tensor, names):
    chosen, left_out = choose_drugs(tensor, names, ["D3", "drug 1", "DRUG 3"])
    assert (chosen.tolist(), left_out) == ([3, 1], [])


def test_a_drug_that_cannot_be_shown_is_left_out_and_named(names):
    dense = np.random.default_rng(0).normal(size=(3, 4, 10))
    measured = np.ones((3, 4), bool)
    measured[1, 1:] = False
    held_out = grid(dense, measured)
    chosen, left_out = choose_drugs(held_out, names[:3], ["Durg 2", "drug 2", "drug 1"])
    assert chosen.tolist() == [2]
    assert left_out[0].startswith("'Durg 2' is not in the tensor (did you mean 'Drug 2'")
    assert "'drug 1' was held out in 1 cells" in left_out[1]
    with pytest.raises(LacunaError, match=r"'drug 1' was held out in 1 .*Expected ids"):
        choose_drugs(held_out, names[:3], ["drug 1"])


def test_what_is_not_shown_stands_above_the_figure(tensor, names):
    drugs, _ = choose_drugs(tensor, names, ["Drug 3"])
    shown = tensor.take(np.isin(tensor.drug, drugs))
    table = heatmap_table(shown, {}, list(drugs), names)
    figure = draw(table, "toy", ["'Carbetocin' is not in the tensor"])
    assert "not shown: 'Carbetocin' is not in the tensor" in figure.get_suptitle()
    assert "not shown" not in draw(table, "toy").get_suptitle()


def test_all_panels_keep_the_order_of_the_truth(tensor, names, monkeypatch):
    monkeypatch.setattr(heatmaps, "TOP_GENES", 10)
    rng = np.random.default_rng(2)
    guess = 3 * (tensor.profiles + 0.1 * rng.normal(size=tensor.profiles.shape))
    predicted = {"good": guess.astype(np.float32), "zeros": np.zeros_like(tensor.profiles)}
    drugs, _ = choose_drugs(tensor, names, [])
    table = heatmap_table(tensor, predicted, drugs, names)
    assert list(table["name"].unique()) == [names[drug] for drug in drugs]
    assert list(table["panel"].unique()) == ["measured", "good", "zeros"]
    for drug, of_drug in table.groupby("drug", sort=False):
        places = {
            name: rows[["cell", "gene"]].to_numpy() for name, rows in of_drug.groupby("panel")
        }
        mine = tensor.take(tensor.drugs[tensor.drug] == drug)
        genes = set(tensor.genes[choose_genes(mine.profiles)])
        assert {tuple(place) for place in places["measured"]} == {
            (cell, gene) for cell in tensor.cells[mine.cell] for gene in genes
        }
        assert all((places["measured"] == place).all() for place in places.values())
        shown = of_drug.groupby("panel").first()
        assert shown.loc["zeros", ["correlation", "specificity"]].tolist() == [0, 1]
        good = guess[tensor.drugs[tensor.drug] == drug]
        good = good / np.linalg.norm(good, axis=1, keepdims=True)
        pairs = [1 - good[a] @ good[b] for a in range(len(good)) for b in range(a)]
        assert shown.loc["good", "specificity"] == pytest.approx(np.mean(pairs))
        values = of_drug.pivot_table("value", ["cell", "gene"], "panel")
        assert shown.loc["good", "correlation"] == pytest.approx(
            np.corrcoef(values["measured"], values["good"])[0, 1]
        )
        for entry in of_drug[of_drug["panel"] != "zeros"].itertuples():
            cell = mine.cell == np.flatnonzero(tensor.cells == entry.cell)[0]
            of_panel = mine.profiles if entry.panel == "measured" else good
            assert entry.value == pytest.approx(of_panel[cell, tensor.genes == entry.gene].item())


def test_alike_cells_and_alike_genes_stand_together():
    """Two kinds of cells and of genes, mixed up, come out in blocks."""
    kind, sign = np.array([0, 1, 0, 1, 0, 1]), np.tile([1, -1], 20)
    noise = np.random.default_rng(0).normal(size=(1, 6, 40))
    dense = np.where(kind == 0, 1, 0.3)[:, None] * sign * (1 - 2 * kind)[:, None] + 0.1 * noise
    tensor = grid(dense, np.ones((1, 6), dtype=bool))
    table = heatmap_table(tensor, {}, [0], ["drug"])
    cells, genes = (pd.unique(table[axis]) for axis in ("cell", "gene"))
    assert len(genes) == 40
    for order, of_kind in ((cells, kind), (genes, sign)):
        kinds = [of_kind[int(name[1:])] for name in order]
        assert sum(a != b for a, b in pairwise(kinds)) == 1


def test_genes_that_never_change_do_no_harm():
    dense = np.random.default_rng(0).normal(size=(1, 3, 20))
    dense[:, :, 5:] = 0
    table = heatmap_table(grid(dense, np.ones((1, 3), dtype=bool)), {}, [0], ["drug"])
    assert table["gene"].nunique() == 20
    assert table["value"].notna().all()
