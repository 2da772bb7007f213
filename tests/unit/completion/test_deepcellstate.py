"""DeepCellState against the layers written out, planted truth, and its own training."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import described
from toy import GENES, clustered, few_steps, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.deepcellstate import (
    PRESETS,
    DeepCellState,
    choose_steps,
    count_weights,
)
from lacuna.completion.run import run_method, train_method
from lacuna.completion.shared.other_cells import (
    OtherCells,
    draw_validation_drugs,
    find_pairs,
)
from lacuna.completion.shared.paired import VALIDATION_SHARE
from lacuna.completion.trainers.deepcellstate import PairedCellStates
from lacuna.errors import LacunaError
from lacuna.evaluation.splits import make_folds
from lacuna.networks import training
from lacuna.networks.cell_states import CellStates, Shape

FAST = few_steps("deepcellstate") | {"wide": 16, "narrow": 8, "latent": 4}


def shape(**changes):
    values = {"genes": 7, "latent": 3, "per_gene": False, "input_dropout": 0.5}
    return Shape(**{**values, "decoder_dropout": 0.5, "skip": True, **changes})


def test_presets_are_those_of_the_authors_code():
    found = [tuple(asdict(preset).values()) for preset in PRESETS.values()]
    assert found == [(0.1, 0, 0.5), (0.2, 1e-8, 0.8), (0.5, 1e-7, 0.8), (0.5, 1e-4, 0.9)]


@pytest.mark.parametrize("per_gene", [True, False])
def test_its_weights_are_counted_without_it(per_gene):
    sizes = {"genes": 11, "latent": 5, "wide": 7, "narrow": 3}
    network = CellStates(shape(per_gene=per_gene, **sizes), 1)
    parts = (network.encoder, network.common)
    found = tuple(sum(weight.numel() for weight in part.parameters()) for part in parts)
    assert found == count_weights(**sizes, per_gene=per_gene)


@pytest.fixture
def trains_with(monkeypatch):
    """Return with which options a network would be trained, without training it."""
    seen = []
    monkeypatch.setattr(PairedCellStates, "train", lambda self, _: seen.append(self.options))

    def options(observed, **given):
        rng = np.random.default_rng(0)
        train_method("deepcellstate", observed, SideInformation(), rng, given)
        return seen.pop()

    return options


def regularised(options):
    return options.shape.input_dropout, options.latent_l1, options.shape.decoder_dropout


def test_each_preset_reaches_the_training(trains_with):
    tensor = clustered(cells=3)
    for name, preset in PRESETS.items():
        found = trains_with(tensor, regularisation=name)
        assert regularised(found) == tuple(asdict(preset).values())
    two, many = asdict(PRESETS["two_cells"]), asdict(PRESETS["many_cells"])
    assert regularised(trains_with(tensor)) == tuple(many.values())
    # A third cell of the grid, without profiles, does not count.
    assert regularised(trains_with(tensor.take(tensor.cell != 1))) == tuple(two.values())


def test_switches_leave_out_what_they_say_and_nothing_else(trains_with):
    tensor = clustered()
    assert regularised(trains_with(tensor, dropout=False)) == (0, 1e-8, 0)
    assert regularised(trains_with(tensor, latent_l1=False)) == (0.2, 0, 0.8)
    without = trains_with(tensor, skip=False)
    assert regularised(without) == (0.2, 1e-8, 0.8)
    assert not without.shape.skip and trains_with(tensor).shape.skip


def test_every_option_reaches_the_training(trains_with):
    sizes = {"latent": 3, "wide": 9, "narrow": 4, "per_gene": True}
    steps = {"learning_rate": 2, "batch": 7, "epochs": 5, "rounds": 6, "patience": 8}
    found = trains_with(clustered(), **sizes, **steps, epoch_steps=11)
    assert {name: getattr(found.shape, name) for name in sizes} == sizes
    assert {name: getattr(found, name) for name in steps} == steps
    assert (found.shape.genes, found.epoch_steps) == (GENES, 11)


def test_learning_rate_and_batch_suit_the_data_unless_they_are_given(trains_with):
    tensor = clustered()
    for per_gene in (True, False):
        found, expected = trains_with(tensor, per_gene=per_gene), choose_steps(1, per_gene)
        assert (found.learning_rate, found.batch) == (expected.learning_rate, expected.batch)
    assert trains_with(tensor, batch=3).learning_rate == choose_steps(1, False).learning_rate
    authors = choose_steps(3000, True)
    assert (authors.learning_rate, authors.batch) == (1e-4, 128)
    rates = [choose_steps(count, False).learning_rate for count in (100, 3000, 12_000, 300_000)]
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 1e-4])


def two_cells(seed=0, drugs=90):
    """Two cells: the second one's profile is a linear map of the first one's."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(4, GENES))
    of_drug = rng.normal(size=(drugs, 4))
    mixed = of_drug @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    dense = np.stack([of_drug @ factors, mixed @ factors], axis=1)
    return grid(dense + 0.3 * rng.normal(size=dense.shape), np.ones((drugs, 2), dtype=bool))


def test_it_learns_a_map_between_cells_that_the_copy_does_not_know():
    tensor = two_cells()
    fold = make_folds(tensor, "cell_transfer", 4, np.random.default_rng(0))
    observed, held_out = tensor.take(fold != 0), tensor.take(fold == 0)
    rng, side = np.random.default_rng(0), SideInformation()
    trained = train_method("deepcellstate", observed, side, rng, {"epochs": 60, "rounds": 20})

    def score(predicted):
        rows = zip(predicted, held_out.profiles, strict=True)
        return np.mean([np.corrcoef(one, other)[0, 1] for one, other in rows])

    other = held_out.profiles[held_out.find(held_out.pairs * [1, -1] + [0, 1])]
    for inputs in ("all", "mean", "single"):
        asked = replace(trained, inputs=inputs)
        found = asked.predict(held_out, held_out.pairs, rng).profiles
        assert score(found) > score(other) + 0.3


def test_the_network_of_the_code_trains_and_predicts():
    tensor = clustered(drugs=12, cells=3)
    found = run_method(
        "deepcellstate",
        tensor,
        tensor.missing_pairs,
        SideInformation(),
        np.random.default_rng(0),
        FAST | {"per_gene": True, "batch": 8, "epochs": 5, "learning_rate": 1e-3},
    )
    assert found.losses["stage"].str.startswith("decoder").any()
    common = found.losses.query("stage == 'common'")["training"]
    assert common.min() < common.iloc[0]


def test_a_drug_without_another_cell_falls_back_and_is_counted():
    tensor = clustered(missing=0.7)
    fold = make_folds(tensor, "cell_transfer", 3, np.random.default_rng(0))
    observed, held_out = tensor.take(fold != 0), tensor.take(fold == 0)
    alone = np.bincount(held_out.drug)[held_out.drug] == 1
    assert alone.any()
    arguments = (observed, held_out.pairs, SideInformation(), np.random.default_rng(0))
    found = run_method(
        "deepcellstate", *arguments, FAST | {"fallback": "mean_1d"}, elsewhere=held_out
    )
    assert found.fallback.tolist() == alone.tolist()
    by_cell = observed.mean_by_cell()[0][held_out.cell]
    assert np.allclose(found.profiles[alone], by_cell[alone], atol=1e-6)


def test_only_training_profiles_set_the_scale():
    tensor = two_cells()
    fold = make_folds(tensor, "cell_transfer", 4, np.random.default_rng(0))
    observed = tensor.take(fold != 0)
    trained = train_method(
        "deepcellstate", observed, SideInformation(), np.random.default_rng(0), FAST
    )
    assert trained.scale == pytest.approx(np.abs(observed.profiles).max())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regularisation": "two_cell"}, "regularisation is 'two_cell'.*'two_cells'"),
        ({"inputs": "both"}, "inputs is 'both', expected one of 'all', 'mean', 'single'"),
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"fallback": "mean_3d"}, "unknown method 'mean_3d'"),
        ({"dropout": 0}, "dropout is 0, expected bool"),
        ({"latent": 0}, "latent is 0, expected at least 1"),
        ({"batch": 0}, "batch is 0, expected at least 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected more than 0"),
        ({"learning_rate": "automatic"}, "learning_rate is 'automatic', expected auto or float"),
        ({"batch": 1.5}, "batch is 1.5, expected auto or int"),
        ({"epoch_steps": "auto"}, "epoch_steps is 'auto', expected int"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(LacunaError, match=message):
        train_method(
            "deepcellstate", clustered(), SideInformation(), np.random.default_rng(0), options
        )


def test_a_saved_network_predicts_the_same(tmp_path):
    tensor = clustered()
    trained = train_method(
        "deepcellstate", tensor, SideInformation(), np.random.default_rng(0), FAST
    )
    path = tmp_path / "model.h5"
    trained.save(path, described(tensor.genes, tensor.cells))
    again = DeepCellState.load(path, "cpu", tensor)
    wanted, rng = tensor.missing_pairs, np.random.default_rng(0)
    expected = trained.predict(tensor, wanted, rng)
    assert np.array_equal(expected.profiles, again.predict(tensor, wanted, rng).profiles)
    with pytest.raises(LacunaError, match=r"model\.h5: the model deepcellstate was trained on 40"):
        DeepCellState.load(path, "cpu", replace(tensor, genes=tensor.genes[::-1]))
    torch.save(pd.DataFrame({"code": [1]}), path)
    with pytest.raises(LacunaError, match=r"model\.h5: cannot be read"):
        DeepCellState.load(path, "cpu")


class Killed(Exception):
    """As if the machine went down."""


@pytest.fixture
def checkpoints_each_epoch(monkeypatch):
    """Each epoch leaves a checkpoint."""
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", -1)


# In the common stage, in the second round, with the last decoder: each has 5 epochs, a round 4.
SHORT = FAST | {"epochs": 5, "rounds": 3, "learning_rate": 1e-3}


@pytest.mark.parametrize("at", [3, 11, 23])
def test_a_killed_training_goes_on_and_ends_the_same(
    tmp_path, monkeypatch, checkpoints_each_epoch, at
):
    tensor = two_cells(drugs=40)

    def train(work):
        rng = np.random.default_rng(0)
        return train_method("deepcellstate", tensor, SideInformation(), rng, SHORT, work)

    whole = train(None)
    descend, epochs = training.descend, []

    def dies(*arguments):
        epochs.append(1)
        if len(epochs) > at:
            raise Killed
        return descend(*arguments)

    monkeypatch.setattr("lacuna.completion.trainers.deepcellstate.descend", dies)
    with pytest.raises(Killed):
        train(tmp_path)
    monkeypatch.setattr("lacuna.completion.trainers.deepcellstate.descend", descend)
    resumed = train(tmp_path)
    pd.testing.assert_frame_equal(resumed.losses, whole.losses)
    wanted, rng = np.array([[0, 0], [1, 1]]), np.random.default_rng(0)
    assert len(whole.losses) == 5 + 3 + 2 * 5
    expected = whole.predict(tensor, wanted, rng).profiles
    assert np.array_equal(resumed.predict(tensor, wanted, rng).profiles, expected)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(
    tmp_path, checkpoints_each_epoch
):
    tensor = two_cells(drugs=40)

    def train(work, **options):
        rng = np.random.default_rng(0)
        options = SHORT | options
        return train_method("deepcellstate", tensor, SideInformation(), rng, options, work).losses

    train(tmp_path)
    pd.testing.assert_frame_equal(train(tmp_path, latent=5), train(None, latent=5))
    (tmp_path / training.CHECKPOINT).write_bytes(b"torn")
    pd.testing.assert_frame_equal(train(tmp_path), train(None))


def test_pairs_are_all_ordered_pairs_of_a_drugs_profiles():
    tensor = clustered(drugs=8)
    source, target = find_pairs(tensor)
    expected = {
        (one, other)
        for one in range(len(tensor))
        for other in range(len(tensor))
        if one != other and tensor.drug[one] == tensor.drug[other]
    }
    assert set(zip(source.tolist(), target.tolist(), strict=True)) == expected
    assert len(source) == len(expected)


def test_drugs_are_set_aside_whole_and_among_those_with_pairs():
    tensor = clustered(drugs=80, missing=0.7)
    validation = draw_validation_drugs(tensor, 0.1, np.random.default_rng(0))
    several = np.bincount(tensor.drug) > 1
    drugs = set(tensor.drug[validation])
    assert several[list(drugs)].all()
    assert len(drugs) == several.sum() // 5
    assert not drugs & set(tensor.drug[~validation])


@pytest.mark.parametrize(
    ("drugs", "drawn"), [(0, 0), (4, 0), (5, 1), (60, 12), (100, 20), (300, 20), (800, 40)]
)
def test_validation_drugs_are_a_share_but_enough_where_there_are_enough(drugs, drawn):
    """A twentieth, at least 20, but no more than a fifth where drugs are few."""
    tensor = grid(np.zeros((drugs + 3, 2, 2)) + 1, np.ones((drugs + 3, 2), bool))
    alone = (tensor.drug >= drugs) & (tensor.cell == 1)  # of three drugs, in one cell only
    tensor = tensor.take(~alone)
    validation = draw_validation_drugs(tensor, VALIDATION_SHARE, np.random.default_rng(0))
    assert len(np.unique(tensor.drug[validation])) == drawn
    assert (tensor.drug[validation] < drugs).all()


def test_inputs_are_averaged_after_before_or_not_at_all():
    tensor = clustered(missing=0)
    able = np.ones((5, 5), dtype=bool)
    able[4, 0] = False
    wanted = np.array([[2, 0], [5, 3]])

    def squares(profiles, cells, cell):
        return profiles**2 + cells[:, None]

    def inputs(drug, cell):
        return [
            (tensor.profiles[tensor.find(np.array([[drug, other]]))[0]], other)
            for other in range(5)
            if other != cell and able[other, cell]
        ]

    rng = np.random.default_rng(0)
    found, predicted = OtherCells(tensor, wanted, squares, able, rng).predict(wanted)
    assert predicted.all()
    for row, (drug, cell) in enumerate(wanted):
        expected = np.mean([profile**2 + other for profile, other in inputs(drug, cell)], axis=0)
        assert np.allclose(found[row], expected, atol=1e-6)
    found, _ = OtherCells(tensor, wanted, squares, able, rng, "mean").predict(wanted)
    for row, (drug, cell) in enumerate(wanted):
        profiles, cells = zip(*inputs(drug, cell), strict=True)
        assert np.allclose(found[row], np.mean(profiles, axis=0) ** 2 + cells[0], atol=1e-6)
    found, _ = OtherCells(tensor, wanted, squares, able, rng, "single").predict(wanted)
    for row, (drug, cell) in enumerate(wanted):
        single = [profile**2 + other for profile, other in inputs(drug, cell)]
        assert any(np.allclose(found[row], one, atol=1e-6) for one in single)
