"""The training alternates, learns what is planted, keeps its epoch, and goes on after a kill."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_cells import planted_cells
from tiny_training import CHECKED, DRUGS, TRAINED, WORLD, equal, fit, moved, weights

from lacuna.networks import training as networks_training
from lacuna.single_cell.model import trainer
from lacuna.single_cell.model.disentangle import disentanglement
from lacuna.single_cell.model.reading import cuts
from lacuna.single_cell.model.search import labels
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.validation import Scorer, Validation, correlation


class Steps:
    """Watches a training: which step each batch was, and which weights it moved."""

    def __init__(self, monkeypatch):
        self.kinds, self.moved = [], []
        for kind in ("step_adversaries", "step_autoencoder"):
            monkeypatch.setattr(trainer._Run, kind, self.watched(kind, getattr(trainer._Run, kind)))

    def watched(self, kind, step):
        def taken(run, batch):
            before = {name: v.clone().numpy() for name, v in run.network.state_dict().items()}
            found = step(run, batch)
            after = {name: v.clone().numpy() for name, v in run.network.state_dict().items()}
            self.kinds.append(kind)
            self.moved.append(moved(before, after))
            return found

        return taken


ADVERSARIES = {"drug_adversary", "line_adversary"}


@pytest.mark.parametrize("steps", [2, 3])
def test_each_batch_trains_adversaries_or_the_rest_and_the_count_goes_on(monkeypatch, steps):
    watched = Steps(monkeypatch)
    fit(adversary_steps=steps, epochs=3)
    assert len(watched.kinds) == 3 * len(cuts(len(TRAINED), 64)) == 3 * 4
    for number, (kind, parts) in enumerate(zip(watched.kinds, watched.moved, strict=True)):
        if number % steps == 0:
            assert kind == "step_adversaries"
            assert parts == ADVERSARIES
        else:
            assert parts == {"encoder", "decoder", "doser", "perturbation", "lines"}


def test_without_adversaries_all_batches_train_the_rest(monkeypatch):
    watched = Steps(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = fit(adversary_steps=0).losses
    assert set(watched.kinds) == {"step_autoencoder"}
    assert (losses[["drug_adversary", "line_adversary"]] == 0).all(axis=None)


def one_step(kind, **options):
    """Take one step on the same batch with other options, and return the run."""
    examples, settings = TRAINED, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer._Run, "train", lambda run, *_: settings.update(run=run))
        patch.setattr(networks_training.Training, "run", lambda *_, **__: None)
        fit(examples, None, **options)
    run = settings["run"]
    run.network.train()
    torch.manual_seed(3)
    batch = next(iter(run.rows.batches(120)))
    before = weights(run.model)
    getattr(run, kind)(batch)
    return run, batch, before


def drug_loss(run, batch):
    with torch.no_grad():
        basal = run.network.basal(batch.rows)
        return [float(loss) for loss, _ in run._classified(basal, batch)]


def test_the_encoder_raises_the_adversaries_losses_and_they_lower_them():
    """A step along the encoder's slope of the whole loss, without reconstruction's share."""
    ends = {}
    for kind in ("step_autoencoder", "step_adversaries"):
        run, batch, before = one_step(
            kind, drug_weight=1e4, line_weight=0.0, penalty_weight=0.0, clip=0.0,
            autoencoder_rate=1e-3, adversary_rate=1e-3,
        )  # fmt: skip
        after = drug_loss(run, batch)[0]
        run.network.load_state_dict({k: torch.from_numpy(v) for k, v in before.items()})
        ends[kind] = after - drug_loss(run, batch)[0]
    assert ends["step_autoencoder"] > 1e-4
    assert ends["step_adversaries"] < -1e-4


@pytest.mark.parametrize("weight", ["drug_weight", "line_weight"])
def test_both_adversaries_have_a_weight_of_their_own(weight):
    other = "line_weight" if weight == "drug_weight" else "drug_weight"
    number = 0 if weight == "drug_weight" else 1
    run, batch, before = one_step(
        "step_autoencoder", **{weight: 1e4, other: 0.0}, clip=0.0, autoencoder_rate=1e-3
    )
    after = drug_loss(run, batch)
    run.network.load_state_dict({k: torch.from_numpy(v) for k, v in before.items()})
    assert after[number] > drug_loss(run, batch)[number] + 1e-4


def test_the_penalty_and_its_kind_move_the_adversaries():
    kept = [
        weights(one_step("step_adversaries", penalty_weight=weight, penalty=kind)[0].model)
        for weight, kind in ((0.0, "squares"), (5.0, "squares"), (5.0, "norm"))
    ]
    for one, other in ((0, 1), (1, 2)):
        assert moved(kept[one], kept[other]) == ADVERSARIES


@pytest.mark.parametrize(
    "change",
    [
        {"order": "scaled_input"}, {"doser": "linear"}, {"dose": "raw"}, {"controls": "drug"},
        {"genes": "raw"},
        {"drug_adversary": "multi_label"}, {"decoder_activation": "relu"}, {"penalty": "norm"},
        {"clip": 0.0}, {"gamma": 0.1, "step_epochs": 1}, {"drug_weight": 1.0},
        {"line_weight": 1.0}, {"doser_rate": 0.01}, {"doser_decay": 0.1},
        {"autoencoder_decay": 0.1}, {"adversary_decay": 0.5}, {"adversary_rate": 0.1},
        {"adversary_steps": 2}, {"penalty_weight": 9.0}, {"batch": 32},
    ],
    ids=str,
)  # fmt: skip
def test_each_option_changes_what_is_learned(change):
    options = {"epochs": 2, "checkpoint": "last"}
    assert not equal(weights(fit(**options)), weights(fit(**options, **change)))


@pytest.mark.parametrize("preset", ["v1", "head", "corrected"])
def test_each_preset_trains_and_predicts(preset):
    model = fit(preset=preset, check_every=2, base_cells=5)
    losses = model.losses
    assert list(losses) == [
        "stage", "epoch", "training", "validation", "drug_adversary", "line_adversary",
    ]  # fmt: skip
    assert losses["validation"].notna().tolist() == [False, True, True]
    assert np.isfinite(losses["training"]).all()
    mean, variance = model.predict(np.ones((2, 30)), WORLD.table.to_numpy()[:1], [1.0], "line 0")
    assert np.isfinite(mean).all()
    assert (variance > 0).all()


def unseen(model, world=WORLD, drugs=DRUGS[13:]):
    """Return the correlation of change of drugs that were never trained on."""
    examples = world.examples(drugs)
    scorer = Scorer(Validation(examples), examples, model, np.random.default_rng(0))
    mean, _ = scorer.predict(model)
    return correlation(mean - scorer.control, scorer.measured.mean - scorer.control).mean()


LEARNING = {
    "dimensions": 16, "autoencoder_width": 64, "autoencoder_depth": 2, "encoder_width": 64,
    "encoder_depth": 2, "adversary_width": 32, "adversary_depth": 2, "doser_width": 32,
    "doser_depth": 1, "batch": 128, "check_every": 5, "device": "cpu",
}  # fmt: skip


def test_drugs_that_no_cell_saw_are_told_by_their_descriptors():
    """Shuffled among those held out, descriptors are worth nothing."""
    world = planted_cells(drugs=70, cells=5)
    names = world.drugs
    model = train(
        world.examples(names[:50]), Validation(world.examples(names[50:55], controls=2)),
        np.random.default_rng(0), **LEARNING, epochs=40,
    )  # fmt: skip
    told = unseen(model, world, names[55:])
    shuffled = world.table.copy()
    smiles = world.observations.drugs.loc[names[55:], "smiles"]
    shuffled.loc[smiles] = world.table.loc[smiles[::-1]].to_numpy()
    other = replace(world, table=shuffled)
    chance = unseen(model, other, names[55:])
    assert told > 0.4
    assert told > chance + 0.3
    losses = model.losses
    assert losses["training"].iloc[-1] < losses["training"].iloc[0] - 0.5


def test_the_last_epoch_or_the_best_is_kept():
    options = {"epochs": 8, "autoencoder_rate": 0.05, "patience": 99}
    best, last = (fit(**options, checkpoint=kind) for kind in ("best", "last"))
    scores = last.losses["validation"]
    assert best.losses["validation"].equals(scores)
    assert scores.idxmax() != 7
    again = Scorer(CHECKED, TRAINED, best, np.random.default_rng(1))
    assert again.score(best) == pytest.approx(scores.max(), abs=0.02)
    assert abs(again.score(last) - again.score(best)) > 1e-3
    assert equal(weights(last), weights(fit(**options | {"checkpoint": "last", "patience": 7})))
    whole = fit(**options | {"epochs": int(scores.idxmax()) + 1}, checkpoint="last")
    assert equal(weights(best), weights(whole))


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_it_stops_after_validations_that_are_no_better(checkpoint):
    options = {"epochs": 40, "autoencoder_rate": 0.03, "check_every": 2, "checkpoint": checkpoint}
    scores = fit(**options, patience=2).losses["validation"]
    checked = scores.dropna()
    assert (checked.index % 2 == 1).all()
    assert len(scores) < 40
    assert len(scores) == checked.idxmax() + 1 + 2 * 2


def test_without_validation_the_training_loss_stands_for_it():
    losses = fit(validation=None, checkpoint="best").losses
    assert losses["validation"].isna().all()
    assert len(losses) == 3


def test_a_training_is_repeated_bit_for_bit_and_leaves_the_stream_of_others_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = weights(fit())
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert equal(first, weights(fit()))
    assert not equal(first, weights(fit(seed=1)))


def test_a_library_that_sets_threads_for_all_changes_no_number():
    """Numba shares OpenMP with PyTorch: what it sets for scanpy holds for networks, too."""
    first = weights(fit())
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert equal(first, weights(fit()))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.fault(
    "a training of single cells is killed and started again", "the same weights, bit for bit"
)
@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_a_training_that_is_killed_goes_on_bit_for_bit(tmp_path, monkeypatch, checkpoint):
    monkeypatch.setattr(networks_training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    options = {"epochs": 6, "check_every": 2, "checkpoint": checkpoint, "step_epochs": 2}
    whole, epoch, epochs, kills = fit(**options), trainer._Run._epoch, [], [3]

    def killed(*arguments):
        epochs.append(len(epochs))
        if kills and len(epochs) > kills[0]:
            kills.clear()
            raise KeyboardInterrupt
        return epoch(*arguments)

    monkeypatch.setattr(trainer._Run, "_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(work=tmp_path, **options)
    resumed = fit(work=tmp_path, **options)
    assert len(epochs) == 7  # 3 before the kill, that one, and 3 after
    assert equal(weights(whole), weights(resumed))
    assert whole.losses.equals(resumed.losses)
    assert np.array_equal(whole.typical, resumed.typical)
    epochs.clear()
    fit(work=tmp_path, **options, drug_weight=2.0)  # another training begins anew
    assert len(epochs) == 6


def test_an_epoch_of_a_single_batch_is_the_adversaries_or_the_rests():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = fit(validation=None, batch=1000, adversary_steps=2, epochs=5).losses
    assert losses["training"].isna().tolist() == [True, False, True, False, True]
    model = fit(validation=None, batch=1000, adversary_steps=2, epochs=5)
    assert equal(
        weights(model),
        weights(fit(validation=None, batch=1000, adversary_steps=2, epochs=4)),
    )  # the lowest training loss, never that of an epoch without one


def test_a_loss_that_is_no_number_is_named_with_what_raises_it():
    with pytest.raises(trainer.Diverged, match=r"adversar.*no upper bound: lower drug_weight"):
        fit(autoencoder_rate=1e30, clip=0.0, epochs=9)


def test_with_the_adversary_off_a_planted_confounder_is_seen():
    """Basal states tell what was done to a cell, unless the encoder is made to hide it."""
    world, told = planted_cells(drugs=8, cells=12, doses=(10.0,), effect=0.5), {}
    examples = world.examples(world.drugs)
    which = np.arange(len(examples))
    for steps in (0, 2):
        options = {"adversary_steps": steps, "epochs": 30, "adversary_rate": 5e-3}
        model = train(
            examples, None, np.random.default_rng(0), **LEARNING | options, drug_weight=20.0,
            checkpoint="last",
        )  # fmt: skip
        found = disentanglement(
            model.basal(examples.rows(which)), labels(examples, which), np.random.default_rng(0),
            "cells", epochs=60,
        )  # fmt: skip
        told[steps] = found.set_index(["of", "way"]).loc[("drug", "held_out")]
    assert told[0]["accuracy"] > 2 * told[0]["most_frequent"]
    assert not told[0]["passes"]
    assert told[2]["accuracy"] < told[0]["accuracy"] - 0.05
