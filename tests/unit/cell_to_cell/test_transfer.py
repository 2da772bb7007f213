"""DeepCellState on profiles from elsewhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import untrained
from toy import clustered

from lacuna.cell_to_cell import transfer as transfer_module
from lacuna.cell_to_cell.transfer import (
    compare_ways,
    fine_tune,
    match_decoders,
    place_external,
    seen_in_training,
    transfer,
)
from lacuna.errors import LacunaError
from lacuna.io.external import External

MEASURED = np.arange(40) % 7 > 0
NAMES = np.array(["c0", "c1", "s0", "s1", "s2"])  # of the tensor; the first two have decoders


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(transfer_module, "EPOCHS", 2)
    monkeypatch.setattr(transfer_module, "LEARNING_RATE", 1e-3)


def elsewhere(drugs=6, seed=0, **options):
    """Cells c0 and c1, which the network knows, and c2, which it does not."""
    tensor = clustered(drugs=drugs, cells=3, missing=0.3, seed=seed, **options)
    profiles = tensor.profiles * MEASURED
    drug, cell = tensor.drugs[tensor.drug], tensor.cells[tensor.cell]
    return External(profiles, MEASURED, drug.astype(object), cell.astype(object))


def known(external):
    placed = place_external(external, np.array([f"g{gene}" for gene in range(40)]))
    return match_decoders(untrained(), NAMES, placed.cells), placed


def weights_of(model):
    return {name: weight.clone() for name, weight in model.network.state_dict().items()}


def test_cells_keep_their_decoders_by_name():
    model, placed = known(elsewhere())
    assert placed.cells.tolist() == ["c0", "c1", "c2"]
    assert model.cells.tolist() == [0, 1, -1]
    assert match_decoders(untrained(), NAMES, np.array(["c1", "x", "c0"])).cells.tolist() == [
        1,
        -1,
        0,
    ]


def test_scores_are_as_defined():
    model, placed = known(elsewhere())
    table = transfer(model, placed, MEASURED, np.random.default_rng(0))
    cells = placed.measured.sum(axis=1)[placed.drug]
    assert len(table) == np.sum((placed.cell < 2) & (cells > 1))
    for row in table.itertuples():
        mine = placed.drugs[placed.drug] == row.drug
        there = placed.cells[placed.cell] == row.cell
        truth, inputs = placed.profiles[mine & there][0], placed.profiles[mine & ~there]
        assert row.inputs == len(inputs)
        predicted = model.translate(inputs, None, int(row.cell[1])).mean(axis=0)
        for way, guess in (("copy", inputs.mean(axis=0)), ("trained", predicted)):
            expected = np.corrcoef(truth[MEASURED], guess[MEASURED])[0, 1]
            assert getattr(row, way) == pytest.approx(expected, abs=1e-5)


def test_fine_tuning_changes_the_encoder_and_one_decoder_of_a_copy():
    model, placed = known(elsewhere())
    before = weights_of(model)
    tuned = fine_tune(model, placed, MEASURED, 1, np.random.default_rng(0))
    after, now = weights_of(tuned), weights_of(model)
    assert all(torch.equal(before[name], now[name]) for name in before)
    changed = {
        name.rpartition(".")[0] for name in before if not torch.equal(before[name], after[name])
    }
    assert {name.split(".")[0] for name in changed} == {"encoder", "decoders"}
    assert not any(name.startswith("decoders.0") for name in changed)
    assert (tuned.network.shape.input_dropout, tuned.network.shape.decoder_dropout) == (0.1, 0.5)
    assert model.network.shape.input_dropout == 0.5


def test_fine_tuning_learns_what_was_planted(monkeypatch):
    monkeypatch.setattr(transfer_module, "EPOCHS", 20)
    monkeypatch.setattr(transfer_module, "PARTS", 3)
    model, placed = known(elsewhere(drugs=15, classes=2, noise=0.1))
    table = transfer(model, placed, MEASURED, np.random.default_rng(0))
    assert table["fine_tuned"].mean() > table["trained"].mean() + 0.2


def test_the_drug_that_is_predicted_is_never_learned_from(monkeypatch):
    seen = []

    def spy(model, others, measured, cell, rng):
        tuned = fine_tune(model, others, measured, cell, rng)

        def predict(given, wanted, rng):
            assert not np.isin(wanted[:, 0], others.drug).any()
            seen.extend(map(tuple, wanted))
            return tuned.predict(given, wanted, rng)

        return type("Spy", (), {"predict": staticmethod(predict)})

    monkeypatch.setattr(transfer_module, "fine_tune", spy)
    model, placed = known(elsewhere(drugs=20))
    table = transfer(model, placed, MEASURED, np.random.default_rng(0))
    assert len(seen) == len(set(seen)) == len(table)


def test_genes_that_are_not_measured_teach_nothing():
    model, placed = known(elsewhere())
    profiles = placed.profiles.copy()
    target = placed.cell == 1
    profiles[np.ix_(target, ~MEASURED)] = 0.9
    into_one = [
        weights_of(fine_tune(model, each, MEASURED, 1, np.random.default_rng(0)))
        for each in (placed, replace(placed, profiles=profiles))
    ]
    same = [torch.equal(into_one[0][name], into_one[1][name]) for name in into_one[0]]
    assert all(same)


def test_the_order_of_profiles_changes_nothing():
    external = elsewhere()
    order = np.random.default_rng(5).permutation(len(external.drug))
    moved = External(external.profiles[order], MEASURED, external.drug[order], external.cell[order])
    tables = []
    for each in (external, moved):
        model, placed = known(each)
        tables.append(transfer(model, placed, MEASURED, np.random.default_rng(0)))
    pd.testing.assert_frame_equal(*tables)


def test_a_single_drug_is_predicted_by_the_network_as_it_was():
    external = elsewhere()
    one = np.isin(external.drug, external.drug[external.cell == "c1"][:1])
    alone = External(external.profiles[one], MEASURED, external.drug[one], external.cell[one])
    model, placed = known(alone)
    table = transfer(model, placed, MEASURED, np.random.default_rng(0))
    assert np.array_equal(table["fine_tuned"], table["trained"])


def test_nothing_to_predict_is_an_error_that_says_what_is_missing():
    external = elsewhere()
    elsewhere_only = External(
        external.profiles, MEASURED, external.drug, np.char.add("x", external.cell.astype(str))
    )
    with pytest.raises(LacunaError, match=r"no drug has profiles in two cells.*'xc0'"):
        transfer(*known(elsewhere_only), MEASURED, np.random.default_rng(0))


def test_differences_are_paired_by_drug():
    rng = np.random.default_rng(0)
    level = rng.random(40).repeat(2)
    scores = pd.DataFrame({"drug": [f"d{i}" for i in range(40) for _ in range(2)], "copy": level})
    scores["trained"], scores["fine_tuned"] = level + 0.1, level + rng.normal(0.2, 0.01, 80)
    table = compare_ways(scores, np.random.default_rng(0)).set_index("what")
    for way in ("copy", "trained", "fine_tuned"):
        assert table.loc[way, "value"] == pytest.approx(scores[way].mean())
    assert table.loc["trained - copy", ["value", "low", "high"]].to_numpy() == pytest.approx(0.1)
    assert table.loc["copy", "high"] - table.loc["copy", "low"] > 0.1
    assert table.loc["fine_tuned - copy", "low"] > 0.19


def test_drugs_that_were_trained_on_are_known_by_name_or_id():
    known_drugs = pd.DataFrame({"drug": ["K1", "K2", "K3"], "name": ["Aspirin", None, "statin"]})
    asked = pd.Series(["aspirin", "k2", "STATIN", "other"])
    assert seen_in_training(asked, known_drugs, np.array([0, 1])).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_of_too_few_drugs_there_is_no_interval():
    for drugs, told in ((4, False), (5, True)):
        scores = pd.DataFrame({"drug": [f"d{i}" for i in range(drugs)]})
        scores["copy"], scores["trained"], scores["fine_tuned"] = 0.1, 0.2, 0.4
        table = compare_ways(scores, np.random.default_rng(0))
        assert table[["low", "high"]].notna().all(axis=None) == told
        assert table["value"].notna().all()
