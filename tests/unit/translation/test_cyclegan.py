"""The CycleGAN's parts, each against its definition."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from bilingual import bilingual

from lacuna.errors import LacunaError
from lacuna.networks import training as networks_training
from lacuna.translation import chain
from lacuna.translation.trainers import cyclegan, extrapolator

NO_FILE = networks_training.Checkpoint(None, "")


def test_the_losses_are_those_of_the_paper():
    torch.manual_seed(0)
    gan = cyclegan.CycleGan(6, 8, skip=False)
    gan.eval()
    a, b = torch.randn(5, 6), torch.randn(7, 6)
    losses = gan.generator_losses(a, b)
    with torch.no_grad():
        to_b, to_a = gan.a_to_b(a), gan.b_to_a(b)
        huber = torch.nn.SmoothL1Loss()
        expected = {
            "gan": (((gan.judge_b(to_b) - 1) ** 2).mean() + ((gan.judge_a(to_a) - 1) ** 2).mean())
            / 2,
            "cycle": (huber(gan.b_to_a(to_b), a) + huber(gan.a_to_b(to_a), b)) / 2,
            "identity": (((gan.b_to_a(a) - a) ** 2).mean() + ((gan.a_to_b(b) - b) ** 2).mean()) / 2,
        }
        judged = gan.discriminator_loss(b, to_b, "b")
        wanted = (((gan.judge_b(b) - 1) ** 2).mean() + (gan.judge_b(to_b) ** 2).mean()) / 2
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(float(value), rel=1e-5)
    assert judged.item() == pytest.approx(float(wanted), rel=1e-5)
    # Discriminators teach no generator.
    assert not losses["to_a"].requires_grad
    assert not losses["to_b"].requires_grad


def test_cycle_and_identity_have_their_own_weights():
    losses = {
        name: torch.tensor(value)
        for name, value in zip(("gan", "cycle", "identity"), (1.0, 2.0, 4.0), strict=True)
    }
    assert float(cyclegan.CycleLosses(10, 0).total(losses)) == 21
    assert float(cyclegan.CycleLosses(0, 5).total(losses)) == 21
    assert float(cyclegan.CycleLosses(3, 2).total(losses)) == 15


def test_the_buffer_gives_back_earlier_rows_once_it_is_full():
    torch.manual_seed(1)
    buffer = cyclegan.Buffer(20)
    first, second = torch.zeros(10, 2), torch.ones(10, 2)
    assert torch.equal(buffer.swap(first), first)
    assert torch.equal(buffer.swap(second), second)
    third = torch.full((10, 2), 2.0)
    returned = buffer.swap(third)
    earlier = returned[:, 0] < 2
    assert 0 < earlier.sum() < 10
    assert torch.equal(returned[~earlier], third[~earlier])
    later = torch.cat([buffer.swap(torch.full((10, 2), 3.0)) for _ in range(8)])
    assert (later == 2).any()  # what was swapped in comes out again


def test_a_generator_begins_as_the_map_of_means_and_spreads_and_has_no_dead_gene():
    torch.manual_seed(2)
    profiles = torch.randn(9, 6)
    assert torch.equal(cyclegan.Generator(6, 8, skip=True).eval()(profiles), profiles)
    made = cyclegan.Generator(6, 8, skip=False)(torch.randn(200, 6))
    assert (made.min(dim=0).values < 0).all()  # a last ReLU would leave genes at 0
    assert (made.std(dim=0) > 0).all()


def test_the_way_back_comes_back():
    world = bilingual(np.random.default_rng(3), samples=200)
    step = chain.fit_step(
        "landmarks", "cyclegan", world.steps, np.random.default_rng(0), {"epochs": 15, "width": 32}
    )
    there = step.predict(world.seen)
    back = step.reverse.predict(there)
    spread = world.seen.std()
    assert np.sqrt(((back - world.seen) ** 2).mean()) < 0.25 * spread


def test_the_losses_of_every_epoch_are_kept_and_the_cycle_closes():
    world = bilingual(np.random.default_rng(3), samples=200)
    options = {"epochs": 40, "width": 32, "skip": False, "learning_rate": 0.002}
    step = chain.fit_step("landmarks", "cyclegan", world.steps, np.random.default_rng(0), options)
    assert list(step.losses["epoch"]) == list(range(40))
    assert np.isfinite(step.losses.to_numpy()).all()
    assert step.losses["cycle"].iloc[-1] < 0.5 * step.losses["cycle"].iloc[0]
    assert step.losses["identity"].iloc[-1] < 0.5 * step.losses["identity"].iloc[0]


def test_the_smaller_side_begins_again_and_the_larger_is_seen_whole():
    torch.manual_seed(3)
    a, b = torch.arange(450.0)[:, None], torch.arange(120.0)[:, None]
    pairs = list(cyclegan._batches(a, b, batch=cyclegan.BATCH))
    assert len(pairs) == 4
    seen = torch.cat([part for part, _ in pairs])
    assert len(torch.unique(seen)) == 400
    assert all(len(part) == 100 for pair in pairs for part in pair)


def test_batches_are_as_large_as_asked_for():
    torch.manual_seed(3)
    a, b = torch.randn(90, 6), torch.randn(30, 6)
    pairs = list(cyclegan._batches(a, b, batch=20))
    assert [(len(one), len(other)) for one, other in pairs] == [(20, 20)] * 4
    run = cyclegan.CycleTraining(
        cyclegan.CycleGan(6, 8, skip=True), cyclegan.CycleLosses(1, 1), 0.1, NO_FILE, batch=20
    )
    assert run.buffers["a"].capacity == 20 * cyclegan.BATCHES_IN_BUFFER
    learnt = []
    learn = run._learn
    run._learn = lambda *batch: learnt.append(batch) or learn(*batch)
    run.run([a, b], 1)
    assert [tuple(map(len, batch)) for batch in learnt] == [(20, 20)] * 4


def test_discriminators_see_noise_of_the_size_asked_for_and_generators_none():
    torch.manual_seed(4)
    gan, still = (cyclegan.CycleGan(6, 8, skip=False, noise=noise) for noise in (0.5, 0.0))
    seen, rows = [], torch.zeros(4000, 6)
    for judge in (gan.judge_a, gan.judge_b):
        judge.layers.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        judge(rows)
    for given in seen:
        assert float(given.std()) == pytest.approx(0.5, rel=0.05)
        assert float(given.mean()) == pytest.approx(0, abs=0.02)
    gan.eval()
    assert torch.equal(gan.a_to_b(rows), gan.a_to_b(rows))
    assert torch.equal(still.judge_a(rows), still.judge_a(rows))


def test_discriminators_learn_from_what_the_buffer_gives_back(monkeypatch):
    torch.manual_seed(5)
    gan = cyclegan.CycleGan(6, 8, skip=False)
    run = cyclegan.CycleTraining(gan, cyclegan.CycleLosses(1, 1), 0.001, NO_FILE)
    a, b = torch.randn(10, 6), torch.randn(10, 6)
    made = gan.generator_losses(a, b)
    given, judged = {}, {}
    for side, buffer in run.buffers.items():
        returned = torch.randn(10, 6)
        monkeypatch.setattr(
            buffer,
            "swap",
            lambda rows, side=side, returned=returned: given.update({side: rows}) or returned,
        )
        judged[side] = returned
    losses, loss = {}, gan.discriminator_loss

    def remember(real, rows, side):
        losses[side] = real, rows
        return loss(real, rows, side)

    monkeypatch.setattr(gan, "discriminator_loss", remember)
    run._learn(a, b)
    for side, real in (("a", a), ("b", b)):
        assert torch.equal(given[side], made[f"to_{side}"])
        assert torch.equal(losses[side][0], real)
        assert torch.equal(losses[side][1], judged[side])


def test_each_weight_of_a_loss_is_that_of_its_option():
    """Weighed alone, identity falls further than where the cycle is weighed alone."""
    world = bilingual(np.random.default_rng(3), samples=200)
    brief = {"epochs": 15, "width": 16, "skip": False, "learning_rate": 0.002}
    last = [
        chain.fit_step(
            "landmarks", "cyclegan", world.steps, np.random.default_rng(0), brief | weights
        )
        .losses["identity"]
        .iloc[-1]
        for weights in ({"cycle": 0.0, "identity": 20.0}, {"cycle": 20.0, "identity": 0.0})
    ]
    assert last[0] < 0.8 * last[1]


class Killed(Exception):
    """What ends a training in the middle."""


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("landmarks", "cyclegan", {"epochs": 6, "width": 16}),
        ("genome", "extrapolator", {"epochs": 6, "widths": [16]}),
    ],
)
def test_a_killed_training_goes_on_bit_for_bit(kind, name, options, tmp_path, monkeypatch):
    world = bilingual(np.random.default_rng(3))
    training = replace(world.steps if kind == "landmarks" else world.whole, work=tmp_path)

    def fit(work=tmp_path, **changed):
        given = replace(training, work=work)
        return chain.fit_step(kind, name, given, np.random.default_rng(1), options | changed)

    monkeypatch.setattr(networks_training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    # A rate that falls later than the kill shows whether its schedule went on, too.
    monkeypatch.setattr(cyclegan, "EPOCHS_PER_TENTH", 4)
    monkeypatch.setattr(extrapolator, "EPOCHS_PER_HALF", 4)
    whole = fit(None).state()
    saved, save = [], networks_training.Checkpoint.save

    def save_and_die(self, content):
        save(self, content)
        saved.append(content)
        if len(saved) == 3:
            raise Killed

    monkeypatch.setattr(networks_training.Checkpoint, "save", save_and_die)
    with pytest.raises(Killed):
        fit()
    assert list(tmp_path.rglob("checkpoint.pt"))
    again = fit()
    assert len(saved) < 3 + options["epochs"]  # not from the beginning
    for key, value in again.state().items():
        np.testing.assert_array_equal(value, whole[key], err_msg=key)
    assert len(again.losses) == len(fit(None).losses)
    assert len(fit(epochs=2).losses) == 2  # six epochs are no training of two
    other = fit(learning_rate=0.01).state()  # another training does not go on from it
    assert any((other[key] != whole[key]).any() for key in whole)
    fresh = fit(None, learning_rate=0.01).state()
    for key, value in other.items():
        np.testing.assert_array_equal(value, fresh[key])


def test_a_checkpoint_that_lacks_a_part_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(networks_training, "SECONDS_BETWEEN_CHECKPOINTS", -1)
    world = bilingual(np.random.default_rng(3))
    training, options = replace(world.steps, work=tmp_path), {"epochs": 1, "width": 16}

    def fit():
        return chain.fit_step("landmarks", "cyclegan", training, np.random.default_rng(1), options)

    whole = fit().state()
    path = tmp_path / networks_training.CHECKPOINT
    saved = networks_training.read_saved(path)
    for part in ("optimisers", "schedules", "buffers", "losses"):
        torch.save({name: value for name, value in saved.items() if name != part}, path)
        with pytest.raises(LacunaError, match=r"checkpoint\.pt: does not fit this training"):
            fit()
    for missing in ("network", "random", "start"):  # then it is no checkpoint of this training
        torch.save({name: value for name, value in saved.items() if name != missing}, path)
        for key, value in fit().state().items():
            np.testing.assert_array_equal(value, whole[key])
