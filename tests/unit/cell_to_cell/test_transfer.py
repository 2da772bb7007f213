"""DeepCellState on profiles from elsewhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import untrained
from toy import clustered

from lacuna.cell_to_cell import transfer as transfer_module
from lacuna.cell_to_cell.external_sets import ALL_CELLS, SEEN, SEVERAL, UNSEEN, place_external
from lacuna.cell_to_cell.transfer import (
    COMPARED,
    WAYS,
    Tuning,
    fine_tune,
    match_decoders,
    summarise,
    transfer,
)
from lacuna.errors import LacunaError
from lacuna.io.external import External

MEASURED = np.arange(40) % 7 > 0
NAMES = np.array(["c0", "c1", "s0", "s1", "s2"])  # of the tensor; the first two have decoders


QUICK = Tuning(epochs=2, batch=1, learning_rate=1e-3)


def elsewhere(drugs=6, seed=0, **options):
    """Cells c0 and c1, which the network knows, and c2, which it does not."""
    tensor = clustered(drugs=drugs, cells=3, missing=0.3, seed=seed, **options)
    profiles = tensor.profiles * MEASURED
    drug, cell = tensor.drugs[tensor.drug], tensor.cells[tensor.cell]
    return External(profiles, MEASURED, drug.astype(object), cell.astype(object))


def known(external):
    placed = place_external(external, np.array([f"g{gene}" for gene in range(40)]))
    return match_decoders(untrained(), NAMES, placed.cells), placed


def moved_over(model, placed, seed=0, tuning=QUICK):
    """Scores, with another network beside that is not regularised."""
    bare = replace(model, network=untrained(seed=1).network)
    return transfer(model, bare, placed, MEASURED, tuning, np.random.default_rng(seed))


def weights_of(model):
    return {name: weight.clone() for name, weight in model.network.state_dict().items()}


def test_cells_keep_their_decoders_by_name():
    model, placed = known(elsewhere())
    assert placed.cells.tolist() == ["c0", "c1", "c2"]
    assert model.cells.tolist() == [0, 1, -1]
    assert match_decoders(untrained(), NAMES, np.array(["C-1", "x", "c0"])).cells.tolist() == [
        1,
        -1,
        0,
    ]


def test_scores_are_as_defined():
    model, placed = known(elsewhere())
    table = moved_over(model, placed)
    cells = placed.measured.sum(axis=1)[placed.drug]
    assert len(table) == np.sum((placed.cell < 2) & (cells > 1))
    for row in table.itertuples():
        mine = placed.drugs[placed.drug] == row.drug
        there = placed.cells[placed.cell] == row.cell
        truth, inputs = placed.profiles[mine & there][0], placed.profiles[mine & ~there]
        assert row.inputs == len(inputs)
        predicted = model.translate(inputs, None, int(row.cell[1])).mean(axis=0)
        assert row.given == (
            placed.cells[placed.cell][mine & ~there][0] if len(inputs) == 1 else SEVERAL
        )
        bare = replace(model, network=untrained(seed=1).network)
        other = bare.translate(inputs, None, int(row.cell[1])).mean(axis=0)
        ways = {"copy": inputs.mean(axis=0), "trained": predicted, "unregularised": other}
        for way, guess in ways.items():
            expected = np.corrcoef(truth[MEASURED], guess[MEASURED])[0, 1]
            assert getattr(row, way) == pytest.approx(expected, abs=1e-5)


def test_fine_tuning_changes_the_encoder_and_one_decoder_of_a_copy():
    model, placed = known(elsewhere())
    before = weights_of(model)
    tuned = fine_tune(model, placed, MEASURED, 1, QUICK, np.random.default_rng(0))
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
    monkeypatch.setattr(transfer_module, "PARTS", 3)
    model, placed = known(elsewhere(drugs=15, classes=2, noise=0.1))
    table = moved_over(model, placed, tuning=Tuning(20, 1, 1e-3))
    assert table["fine_tuned"].mean() > table["trained"].mean() + 0.2


def test_epochs_batch_and_rate_are_those_asked_for():
    model, placed = known(elsewhere())
    none = fine_tune(model, placed, MEASURED, 1, Tuning(0, 1, 1e-3), np.random.default_rng(0))
    assert all(
        torch.equal(weight, weights_of(model)[name]) for name, weight in weights_of(none).items()
    )
    targets = np.sum((placed.cell == 1) & (placed.measured.sum(axis=1)[placed.drug] > 1))
    for batch, steps in ((1, 2 * targets), (1000, 2)):
        tuning = Tuning(2, batch, 1e-3)
        tuned = fine_tune(model, placed, MEASURED, 1, tuning, np.random.default_rng(0))
        before, after = (weights_of(each)["decoders.1.output.bias"] for each in (model, tuned))
        # A step of Adam moves a weight by the rate, at most.
        assert 0 < float((after - before).abs().max()) <= 1e-3 * steps * 1.01


def test_the_drug_that_is_predicted_is_never_learned_from(monkeypatch):
    seen = []

    def spy(model, others, measured, cell, tuning, rng):
        tuned = fine_tune(model, others, measured, cell, tuning, rng)

        def predict(given, wanted, rng):
            assert not np.isin(wanted[:, 0], others.drug).any()
            seen.extend(map(tuple, wanted))
            return tuned.predict(given, wanted, rng)

        return type("Spy", (), {"predict": staticmethod(predict)})

    monkeypatch.setattr(transfer_module, "fine_tune", spy)
    model, placed = known(elsewhere(drugs=20))
    table = moved_over(model, placed)
    assert len(seen) == len(set(seen)) == len(table)


def test_genes_that_are_not_measured_teach_nothing():
    model, placed = known(elsewhere())
    profiles = placed.profiles.copy()
    target = placed.cell == 1
    profiles[np.ix_(target, ~MEASURED)] = 0.9
    into_one = [
        weights_of(fine_tune(model, each, MEASURED, 1, QUICK, np.random.default_rng(0)))
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
        tables.append(moved_over(model, placed))
    pd.testing.assert_frame_equal(*tables)


def test_a_single_drug_is_predicted_by_the_network_as_it_was():
    external = elsewhere()
    one = np.isin(external.drug, external.drug[external.cell == "c1"][:1])
    alone = External(external.profiles[one], MEASURED, external.drug[one], external.cell[one])
    model, placed = known(alone)
    table = moved_over(model, placed)
    assert np.array_equal(table["fine_tuned"], table["trained"])


def test_nothing_to_predict_is_an_error_that_says_what_is_missing():
    external = elsewhere()
    elsewhere_only = External(
        external.profiles, MEASURED, external.drug, np.char.add("x", external.cell.astype(str))
    )
    with pytest.raises(LacunaError, match=r"no drug has profiles in two cells.*'xc0'"):
        moved_over(*known(elsewhere_only))


def scored(values, seen=(), cells=("c0",), repeats=1):
    """Scores of drugs d0, d1, ...: each way a list, the same in all cells and repeats."""
    drugs = len(next(iter(values.values())))
    table = pd.DataFrame(dict.fromkeys(WAYS, 0.0) | values).assign(
        drug=[f"d{number}" for number in range(drugs)], given="c9", inputs=1
    )
    table["in_training"] = table["drug"].isin(seen)
    each = [table.assign(cell=cell, repeat=n + 1) for cell in cells for n in range(repeats)]
    return pd.concat(each, ignore_index=True)


def test_differences_are_paired_by_drug():
    rng = np.random.default_rng(0)
    level = rng.random(40)
    scores = scored(
        {"copy": level, "trained": level + 0.1, "fine_tuned": level + rng.normal(0.2, 0.01, 40)}
    )
    table = summarise(scores, np.random.default_rng(0)).set_index("what")
    assert table.index.tolist() == [*WAYS, *(f"{one} - {other}" for one, other in COMPARED)]
    for way in WAYS:
        assert table.loc[way, "value"] == pytest.approx(scores[way].mean())
    assert table.loc["trained - copy", ["value", "low", "high"]].to_list() == pytest.approx(
        [0.1, 0.1, 0.1]
    )
    assert table.loc["copy", "high"] - table.loc["copy", "low"] > 0.1
    assert table.loc["fine_tuned - copy", "low"] > 0.19


@pytest.mark.fault(
    "external drugs that the network was trained on",
    "no part of the mean of new drugs; they are listed apart",
)
def test_drugs_of_the_training_leave_the_mean_and_stand_apart():
    seen = [f"d{number}" for number in range(5)]
    scores = scored({"trained": [0.9] * 5 + [0.3] * 5}, seen)
    table = summarise(scores, np.random.default_rng(0)).query("what == 'trained'")
    assert table["drugs"].tolist() == [UNSEEN, SEEN]
    assert table["value"].to_list() == pytest.approx([0.3, 0.9])
    assert table["number"].tolist() == [5, 5]
    none = summarise(scored({"trained": [0.3] * 5}), np.random.default_rng(0))
    assert set(none["drugs"]) == {UNSEEN}


def test_each_cell_has_its_means_and_the_cell_it_is_predicted_from():
    scores = scored({"trained": [0.5] * 6}, cells=("c0", "c1"))
    scores.loc[scores["cell"] == "c1", ["trained", "given"]] = [0.1, SEVERAL]
    table = summarise(scores, np.random.default_rng(0)).query("what == 'trained'")
    assert table[["cell", "given"]].to_numpy().tolist() == [
        [ALL_CELLS, SEVERAL],
        ["c0", "c9"],
        ["c1", SEVERAL],
    ]
    assert table["value"].to_list() == pytest.approx([0.3, 0.5, 0.1])
    assert table["profiles"].tolist() == [12, 6, 6]


def test_another_training_widens_the_interval():
    rng = np.random.default_rng(0)
    level = 0.5 + rng.normal(0, 0.01, 30)
    one = scored({"trained": level}, repeats=1)
    three = scored({"trained": level}, repeats=3)
    three["trained"] += three["repeat"].map({1: -0.2, 2: 0.0, 3: 0.2})
    width = {}
    for name, scores in (("one", one), ("three", three)):
        row = summarise(scores, np.random.default_rng(0)).query("what == 'trained'").iloc[0]
        assert row["value"] == pytest.approx(level.mean())
        assert (row["number"], row["profiles"]) == (30, 30)
        width[name] = row["high"] - row["low"]
    assert width["three"] > 0.2 > 0.02 > width["one"]


def test_of_too_few_drugs_there_is_no_interval():
    for drugs, told in ((4, False), (5, True)):
        table = summarise(scored({"copy": [0.1] * drugs}), np.random.default_rng(0))
        assert table[["low", "high"]].notna().all(axis=None) == told
        assert table["value"].notna().all()
