"""DeepCellState against the layers written out, planted truth, and its own training."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import described
from toy import GENES, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.deepcellstate import PRESETS, DeepCellState
from lacuna.completion.run import run_method, train_method
from lacuna.completion.shared.other_cells import (
    OtherCells,
    draw_validation_drugs,
    find_pairs,
)
from lacuna.errors import LacunaError
from lacuna.evaluation.splits import make_folds
from lacuna.networks import training
from lacuna.networks.cell_states import NARROW, WIDE, CellStates, Shape

FAST = {"learning_rate": 1e-3}


def shape(**changes):
    values = {"genes": 7, "latent": 3, "per_gene": False, "input_dropout": 0.5}
    return Shape(**{**values, "decoder_dropout": 0.5, "skip": True, **changes})


def weights(layer):
    bias = 0 if layer.bias is None else layer.bias.detach().numpy()
    return layer.weight.detach().numpy(), bias


def dense(rows, layer):
    weight, bias = weights(layer)
    return rows @ weight.T + bias


def leaky(rows):
    return np.where(rows > 0, rows, 0.2 * rows)


def test_the_network_of_the_text_written_out():
    torch.manual_seed(0)
    network = CellStates(shape(), 2)
    decoder = network.decoders[1]
    decoder.passed_on.data = torch.randn(7)
    profiles = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    hidden = leaky(
        dense(leaky(dense(profiles, network.encoder.hidden[0])), network.encoder.hidden[2])
    )
    state = dense(hidden, network.encoder.latent)
    back = leaky(dense(leaky(dense(state, decoder.expand)), decoder.hidden[1]))
    output = dense(back, decoder.output) + decoder.passed_on.detach().numpy() * profiles
    found = network.predict(torch.as_tensor(profiles), decoder).numpy()
    assert np.allclose(found, np.tanh(output), atol=1e-5)
    assert network.encoder.latent.bias is None


def test_the_network_of_the_code_written_out_gene_by_gene():
    torch.manual_seed(0)
    network = CellStates(shape(per_gene=True), 2)
    decoder = network.decoders[0]
    decoder.passed_on.data = torch.tensor([0.7])
    profiles = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    encoder = network.encoder
    features = [
        leaky(dense(leaky(dense(profiles[:, [gene]], encoder.hidden[0])), encoder.hidden[2]))
        for gene in range(7)
    ]
    state = dense(np.concatenate(features, axis=1), encoder.latent)
    expanded = dense(state, decoder.expand)
    found = network.predict(torch.as_tensor(profiles), decoder).numpy()
    for gene in range(7):
        own = expanded[:, gene * NARROW : (gene + 1) * NARROW]
        back = leaky(dense(leaky(dense(own, decoder.hidden[0])), decoder.hidden[2]))
        output = dense(back, decoder.output)[:, 0] + 0.7 * profiles[:, gene]
        assert np.allclose(found[:, gene], np.tanh(output), atol=1e-5)


def test_the_network_of_the_code_has_as_many_weights_as_the_authors():
    with torch.device("meta"):
        network = CellStates(shape(genes=978, latent=128, per_gene=True), 1)
    sizes = [
        sum(w.numel() for w in part.parameters()) for part in (network.encoder, network.common)
    ]
    assert sizes[0] == 1_024 + 131_328 + 32_047_104
    # Theirs: 32,297,472 + 65,792 + 131,584 + 514.
    assert sizes[1] == 32_297_472 + 65_792 + 131_584 + 514


def test_what_is_dropped_from_the_input_is_drawn_twice():
    torch.manual_seed(0)
    network = CellStates(shape(genes=2000, input_dropout=0.5), 1).train()
    masks = []
    for part in (network.encoder, network.common):
        part.dropout.register_forward_hook(lambda _, __, output: masks.append(output != 0))
    profiles = torch.ones(1, 2000)
    network.common(network.encoder(profiles), profiles)
    assert (masks[0] != masks[1]).any()
    assert network.encoder.latent.out_features == 3
    assert WIDE == 512


def test_presets_are_those_of_the_authors_code():
    found = [tuple(asdict(preset).values()) for preset in PRESETS.values()]
    assert found == [(0.1, 0, 0.5), (0.2, 1e-8, 0.8), (0.5, 1e-7, 0.8), (0.5, 1e-4, 0.9)]


def two_cells(seed=0, drugs=90):
    """Two cells: the second one's profile is a linear map of the first one's."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(4, GENES))
    of_drug = rng.normal(size=(drugs, 4))
    mixed = of_drug @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    dense = np.stack([of_drug @ factors, mixed @ factors], axis=1)
    return grid(dense + 0.3 * rng.normal(size=dense.shape), np.ones((drugs, 2), dtype=bool))


def score(name, observed, held_out, **options):
    rng = np.random.default_rng(0)
    found = run_method(
        name, observed, held_out.pairs, SideInformation(), rng, options, elsewhere=held_out
    )
    rows = zip(found.profiles, held_out.profiles, strict=True)
    return np.mean([np.corrcoef(one, other)[0, 1] for one, other in rows])


def test_it_learns_a_map_between_cells_that_the_copy_does_not_know():
    tensor = two_cells()
    fold = make_folds(tensor, "cell_transfer", 4, np.random.default_rng(0))
    observed, held_out = tensor.take(fold != 0), tensor.take(fold == 0)
    copied = score("mean_1d", observed, held_out)
    for inputs in ("all", "mean", "single"):
        assert score("deepcellstate", observed, held_out, inputs=inputs, **FAST) > copied + 0.3


def test_the_network_of_the_code_trains_and_predicts():
    tensor = clustered(drugs=12, cells=3)
    found = run_method(
        "deepcellstate",
        tensor,
        tensor.missing_pairs,
        SideInformation(),
        np.random.default_rng(0),
        {"per_gene": True, "latent": 4, "batch": 8, **FAST},
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
        "deepcellstate", *arguments, {"fallback": "mean_1d", **FAST}, elsewhere=held_out
    )
    assert found.fallback.tolist() == alone.tolist()
    by_cell = observed.mean_by_cell()[0][held_out.cell]
    assert np.allclose(found.profiles[alone], by_cell[alone], atol=1e-6)


def test_only_training_profiles_set_the_scale_and_stop_the_training():
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
    """Stages are short, and each epoch leaves a checkpoint."""
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    for stage, epochs in (("COMMON_EPOCHS", 6), ("ROUNDS", 3), ("FINAL_EPOCHS", 4)):
        monkeypatch.setattr(f"lacuna.completion.trainers.deepcellstate.{stage}", epochs)


# In the common stage, in the second round, with the last decoder.
@pytest.mark.parametrize("at", [3, 11, 23])
def test_a_killed_training_goes_on_and_ends_the_same(
    tmp_path, monkeypatch, checkpoints_each_epoch, at
):
    tensor = two_cells(drugs=40)

    def train(work):
        rng = np.random.default_rng(0)
        return train_method("deepcellstate", tensor, SideInformation(), rng, FAST, work)

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
    expected = whole.predict(tensor, wanted, rng).profiles
    assert np.array_equal(resumed.predict(tensor, wanted, rng).profiles, expected)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(
    tmp_path, checkpoints_each_epoch
):
    tensor = two_cells(drugs=40)

    def train(work, **options):
        rng = np.random.default_rng(0)
        options = {**FAST, **options}
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
    assert len(drugs) == max(round(0.1 * several.sum()), 5)
    assert not drugs & set(tensor.drug[~validation])


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
