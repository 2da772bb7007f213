"""The loop of epochs, its checkpoints and their random states; losses are planned beforehand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.networks import random_states, training
from lacuna.networks.training import Checkpoint, Training, batches, descend, fast_products


class Counter(nn.Module):
    """A network of one weight, which counts the epochs."""

    def __init__(self):
        super().__init__()
        self.epochs = nn.Parameter(torch.zeros(1))


def run(losses, work=None, **options):
    """Train for epochs with these (training, validation) losses; return what came of it."""
    network = Counter()
    done = Training(network, work, "")
    planned = iter(losses)

    def epoch():
        network.epochs.data += 1
        return next(planned)

    done.run("one", epoch, **{"epochs": len(losses), "patience": 100, **options})
    return int(network.epochs), done.losses


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("validation", "options", "kept", "epochs"),
    [
        ([3, 1, 2, 2, 2], {}, 2, 5),  # the best, not the last
        ([3, 1, 1, 2], {}, 2, 4),  # the first of equals
        ([3, 1, 2, 2, 2], {"patience": 2}, 2, 4),
        ([3, 2, 3, 1, 2, 0], {"patience": 2}, 6, 6),  # misses in a row
        ([3, 1, 2], {"epochs": 2}, 2, 2),
        ([3, 1, 2], {"keep_last": True}, 3, 3),
        ([INF, INF, 5], {}, 3, 3),
        ([INF, INF], {}, 1, 2),
    ],
)
def test_a_stage_ends_and_keeps_weights_by_the_validation_loss(validation, options, kept, epochs):
    found, losses = run(
        [(9.0 - number, float(v)) for number, v in enumerate(validation)], **options
    )
    assert (found, len(losses)) == (kept, epochs)
    assert losses["validation"].tolist() == validation[:epochs]
    assert losses["epoch"].tolist() == list(range(epochs))


def test_where_nothing_is_validated_the_training_loss_decides():
    found, losses = run([(3.0, NAN), (1.0, NAN), (2.0, NAN)])
    assert found == 2
    assert losses["validation"].tolist() == [3, 1, 2]


def test_minibatches_hold_each_row_once_in_another_order_each_time():
    torch.manual_seed(0)
    first, second = (torch.cat([*batches(50, 8)]) for _ in range(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(50))
    assert not torch.equal(first, second)
    assert [len(part) for part in batches(20, 8)] == [8, 8, 4]
    assert [*batches(0, 8)] == []


def test_a_descent_returns_the_mean_loss_over_rows_and_leaves_no_gradients():
    layer = nn.Linear(1, 1)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    weight = float(layer.weight.detach())
    losses = ((layer.weight.sum() * value, rows) for value, rows in ((1.0, 3), (2.0, 1)))
    expected = (weight * 3 + 2 * (weight - 0.1) * 1) / 4
    assert descend(losses, optimiser) == pytest.approx(expected, abs=1e-6)
    assert float(layer.weight.detach()) == pytest.approx(weight - 0.3, abs=1e-6)
    assert layer.weight.grad is None
    assert descend(iter([]), optimiser) == 0


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told to go on."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(training, "time", clock)
    return clock


# Seconds that writing takes, those after which no other one is due, and those after which it is.
@pytest.mark.parametrize(
    ("writing", "early", "late"), [(0.5, 29, 31), (1.5, 29, 31), (9, 179, 181), (60, 1199, 1201)]
)
def test_what_takes_long_to_write_is_written_less_often(
    tmp_path, monkeypatch, clock, writing, early, late
):
    """From the end of one to the next; at most a twentieth of the time goes into writing."""
    file = Checkpoint(tmp_path, "here")
    assert not file.is_due
    clock.now += 31
    assert file.is_due  # how long it takes is not known yet

    def slowly(content, path):
        clock.now += writing
        path.write(b"") if hasattr(path, "write") else open(path, "wb").close()

    monkeypatch.setattr(training.torch, "save", slowly)
    file.save({})
    clock.now += early
    assert not file.is_due
    clock.now += late - early
    assert file.is_due


def test_without_a_folder_no_checkpoint_is_ever_due(clock):
    file = Checkpoint(None, "here")
    clock.now += 10_000
    assert not file.is_due


class FakeGpus:
    """Two GPUs, of whose random streams the states can be seen."""

    def __init__(self, monkeypatch):
        self.states = [torch.arange(16, dtype=torch.uint8) + gpu for gpu in range(2)]
        for name, value in {
            "is_available": lambda: True,
            "is_initialized": lambda: True,
            "device_count": lambda: len(self.states),
            "get_rng_state_all": lambda: [state.clone() for state in self.states],
            "set_rng_state_all": lambda states: setattr(self, "states", list(states)),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)


def test_a_checkpoint_holds_the_random_states_of_processor_and_gpus(tmp_path, monkeypatch):
    gpus = FakeGpus(monkeypatch)
    torch.manual_seed(5)
    before, drawn = torch.get_rng_state(), None
    file = Checkpoint(tmp_path, "here")
    file.save({"more": 1})
    drawn = torch.rand(3)
    gpus.states = [torch.zeros(16, dtype=torch.uint8)] * 2
    saved = file.read()
    assert saved["more"] == 1
    random_states.go_on_drawing(saved)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.rand(3), drawn)
    assert [state[0].item() for state in gpus.states] == [0, 1]


def test_a_checkpoint_of_other_gpus_is_gone_on_from_without_their_states(tmp_path, monkeypatch):
    gpus = FakeGpus(monkeypatch)
    file = Checkpoint(tmp_path, "here")
    file.save({})
    gpus.states = [torch.zeros(16, dtype=torch.uint8)]
    saved = file.read()
    random_states.go_on_drawing(saved)
    assert [state.sum().item() for state in gpus.states] == [0]


@pytest.mark.parametrize("states", [None, "x", [1], [torch.zeros(3)]])
def test_a_checkpoint_with_no_states_of_gpus_starts_anew(tmp_path, states):
    file = Checkpoint(tmp_path, "here")
    file.save({"random_on_gpus": states})
    assert file.read() is None


def test_gpus_multiply_in_tf32_while_networks_train_and_processors_never_do():
    products = torch.backends.cuda.matmul
    left, right = (torch.randn(64, 64, generator=torch.manual_seed(n)) for n in (0, 1))
    before, on_processor = products.allow_tf32, left @ right
    with fast_products():
        assert products.allow_tf32
        assert torch.equal(left @ right, on_processor)
        with fast_products():
            pass
        assert products.allow_tf32
    assert products.allow_tf32 == before
    with pytest.raises(ValueError), fast_products():
        raise ValueError
    assert products.allow_tf32 == before


def test_a_fingerprint_differs_with_each_array_and_option():
    arrays = np.arange(3), np.ones(2)
    found = {
        training.fingerprint(*arrays, a=1),
        training.fingerprint(*arrays[::-1], a=1),
        training.fingerprint(*arrays, a=2),
        training.fingerprint(*arrays, b=1),
    }
    assert len(found) == 4
    assert training.fingerprint(*arrays, a=1, b=2) == training.fingerprint(*arrays, b=2, a=1)
