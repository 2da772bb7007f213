"""Raising factors, and what rises with them."""

import numpy as np
import pytest
import torch
from networks import of_groups, untrained
from scipy.stats import hypergeom

from lacuna.cell_to_cell import factors
from lacuna.cell_to_cell.factors import (
    FACTORS,
    FactorSet,
    choose_sets,
    enrich,
    maximise,
    measure_enrichment,
)

SYMBOLS = [f"G{gene}" for gene in range(40)]


def test_sets_that_cannot_be_asked_about_are_listed():
    chosen, left_out = choose_sets(
        [
            ("G3_HERE", [*SYMBOLS[:15], "ELSEWHERE"]),
            ("G4", SYMBOLS[4:14]),
            ("G5", SYMBOLS[5:14]),
            ("X_HERE", SYMBOLS),
        ],
        SYMBOLS,
    )
    assert [(each.name, each.factor) for each in chosen] == [("G3_HERE", 3)]
    assert chosen[0].targets.tolist() == [gene for gene in range(15) if gene != 3]
    assert left_out[["set", "factor", "targets"]].to_numpy().tolist() == [
        ["G4", "G4", 9],
        ["G5", "G5", 8],
        ["X_HERE", "", 40],
    ]
    assert left_out["left_out"].str.contains("fewer than 10|no gene").all()


def test_ascent_is_as_defined(monkeypatch):
    monkeypatch.setattr(factors, "STEPS", 3)
    model = untrained()
    decoder = model.network.decoders[1]
    outputs = maximise(model, 1, np.array([4, 11, 0]), np.random.default_rng(0))
    assert outputs.shape == (3, factors.STARTS, 40)
    # The same starts for all genes: those of another call with the same stream.
    monkeypatch.setattr(factors, "STEPS", 0)
    seen = []
    monkeypatch.setattr(
        model.network, "predict", lambda x, d: seen.append(x) or torch.zeros_like(x)
    )
    maximise(model, 1, np.array([4]), np.random.default_rng(0))
    starts = seen[0]
    assert starts.abs().max() <= 2e-4
    for gene, of_gene in zip([4, 11, 0], outputs, strict=True):
        for start, output in zip(starts, of_gene, strict=True):
            x = start[None].clone()
            for _ in range(3):
                x = x.detach().requires_grad_()
                aim = decoder(model.network.encoder(x), x)[0, gene] - 5 * x.mean()
                aim.backward()
                x = x + x.grad / x.grad.norm()
            expected = decoder(model.network.encoder(x), x)[0].detach().numpy()
            assert np.allclose(output, expected, atol=1e-5)


def test_genes_go_through_in_batches_of_any_size(monkeypatch):
    model, genes = untrained(), np.arange(7)
    whole = maximise(model, 0, genes, np.random.default_rng(0))
    monkeypatch.setattr(factors, "ROWS_AT_ONCE", 30)
    assert np.allclose(maximise(model, 0, genes, np.random.default_rng(0)), whole, atol=1e-5)


def test_targets_are_counted_among_the_highest_outputs_but_not_the_gene_itself(monkeypatch):
    monkeypatch.setattr(factors, "TOP", 3)
    output = np.array([[9, 8, 7, 6, 5, 4], [4, 5, 6, 7, 8, 9]], dtype=float)
    common, fold = enrich(output, 0, np.array([0, 1, 3]))
    assert common.tolist() == [2, 1]  # of genes 1, 2, 3 and of 5, 4, 3
    assert np.allclose(fold, np.array([2, 1]) / (3 * 2 / 5))


def test_a_factor_that_drives_its_targets_is_told_from_other_genes(monkeypatch):
    monkeypatch.setattr(factors, "TOP", 9)
    own, others = np.arange(1, 10), np.arange(10, 20)
    sets = [FactorSet("own", 0, own), FactorSet("others", 0, others)]
    table = measure_enrichment(of_groups(), sets, SYMBOLS, ["c0"], np.random.default_rng(0))
    assert list(table.columns) == FACTORS
    found = table.set_index("set")
    assert found.loc["own", ["factor", "cell", "targets", "common"]].tolist() == ["G0", "c0", 9, 9]
    assert found.loc["own", "fold"] == pytest.approx(9 / (9 * 9 / 39))
    assert found.loc["own", "p"] == pytest.approx(hypergeom.sf(8, 39, 9, 9))
    # Raised for control, the other genes of the group move it as well: 9 of 39.
    assert found.loc["own", "p_control"] == pytest.approx((1 + 9) / (1 + 39), abs=0.03)
    assert found.loc["own", "control"] == 0
    assert found.loc["others", "common"] == 0
    assert found.loc["others", "p_control"] == 1


def test_without_sets_nothing_is_asked():
    table = measure_enrichment(untrained(), [], SYMBOLS, list("abcde"), np.random.default_rng(0))
    assert table.empty
    assert list(table.columns) == FACTORS
    assert choose_sets([], SYMBOLS)[1].empty


def test_the_network_is_left_as_it_was():
    model = of_groups()
    before = {name: weight.clone() for name, weight in model.network.state_dict().items()}
    maximise(model, 0, np.arange(3), np.random.default_rng(0))
    assert all(torch.equal(before[name], now) for name, now in model.network.state_dict().items())
    assert all(weight.grad is None for weight in model.network.parameters())
