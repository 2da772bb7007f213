"""Whatever a saved network or a checkpoint holds, it is used as promised or refused."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import described
from promises import bytes_of, reads_or_refuses
from strategies import damaged, values
from torch import nn

from lacuna.completion.cell_model import CellModel
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io import hdf5
from lacuna.networks.cell_states import CellStates, Shape
from lacuna.networks.training import CHECKPOINT, STAGE, Training

SHAPE = Shape(genes=4, latent=2, per_gene=False, input_dropout=0.1, decoder_dropout=0.1, skip=True)
MODEL = DeepCellState(CellStates(SHAPE, 2), np.array([0, -1, 1]), 0.5, "all", "mean_1d", None)

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("ends_in_time")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any_bytes")


def read_model(path):
    model = DeepCellState.load(path, "cpu")
    genes = model.network.shape.genes
    cell = int(np.argmax(model.cells))
    if model.cells[cell] >= 0:
        profiles = np.ones((2, genes))
        translated = model.translate(profiles, None, cell)
        assert translated.shape == (2, genes)
        assert np.allclose(CellModel.load(path, lazy=True).translate(profiles, cell), translated)


def test_the_model_that_is_damaged_is_read(folder):
    (folder / "good.h5").write_bytes(MODEL_BYTES)
    read_model(folder / "good.h5")


def saved(content) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


MODEL_BYTES = bytes_of(lambda path: MODEL.save(path, described("abcd", ["A", "B", "C"])))


@pytest.mark.fault(
    "any change of the bytes of a saved network (property-based)",
    "what the reader promises, or our own error",
)
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_models(folder, data):
    path = folder / "model.h5"
    path.write_bytes(data.draw(damaged(MODEL_BYTES)))
    reads_or_refuses(read_model, path)


ENTRIES = st.sampled_from(
    [
        *(None, "", "unit", "z", "nan", "-1", "1e999", "{}", "[]", '{"genes": 1e9}', "ntk", 10**12),
        *(np.zeros(3, np.float32), np.full((2, 2), np.nan, np.float32), np.arange(6.0)),
        *(pd.DataFrame({"gene": ["a"]}), pd.DataFrame({"cell": ["A", "A"], "decoder": [0, -2]})),
    ]
)


@pytest.mark.fault(
    "saved networks with other entries (property-based)",
    "what the reader promises, or our own error",
)
@given(data=st.data())
@settings(max_examples=80)
def test_changed_models(folder, data):
    path = folder / "changed.h5"
    path.write_bytes(MODEL_BYTES)
    content = hdf5.load(path)
    facts = content["facts"].set_index("key")["value"]
    name = data.draw(st.sampled_from([*content, *facts.index, "new"]))
    value = data.draw(ENTRIES)
    if name in facts:
        facts[name] = str(value)
        content["facts"] = facts.reset_index()
    elif value is None:
        content.pop(name, None)
    else:
        content[name] = value if isinstance(value, pd.DataFrame) else np.atleast_1d(value)
    hdf5.save(path, content)
    reads_or_refuses(read_model, path)


def network():
    torch.manual_seed(0)
    return nn.Linear(2, 1)


def checkpoint():
    """A checkpoint in the middle of the stage `one`."""
    part = network()
    moments = torch.optim.Adam(part.parameters()).state_dict()
    stage = {
        "name": "one",
        "done": 1,
        "misses": 0,
        "least": 0.5,
        "best": part.state_dict(),
        "schedule": None,
    }
    return {
        "start": "here",
        "network": part.state_dict(),
        "random": torch.get_rng_state(),
        "random_on_gpus": [],
        "losses": [("one", 0, 0.5, 0.5)],
        "finished": [],
        "stage": {**stage, "optimiser": moments},
    }


def go_on(work):
    """Train from the checkpoint; an epoch is a step of Adam."""
    part = network()
    optimiser = torch.optim.Adam(part.parameters())

    def epoch():
        optimiser.zero_grad()
        loss = part(torch.ones(3, 2)).square().mean()
        loss.backward()
        optimiser.step()
        return float(loss), float(loss)

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        training = Training(part, work, "here")
        training.run("one", epoch, epochs=3, patience=3, optimiser=optimiser)
    assert list(training.losses) == ["stage", "epoch", "training", "validation"]
    return part


TORCH_VALUES = (
    values.filter(lambda value: not isinstance(value, bytes))
    | st.sampled_from(
        [10**12, -1, 2**63, torch.zeros(3), torch.zeros(()), torch.zeros(2, 2).half()]
    )
    | st.sampled_from([torch.zeros(1).expand(10**9), [0, 10**9], [0, 1.5], [[0]], "ntk", {}])
)


def test_the_checkpoint_of_these_tests_is_gone_on_from(folder):
    (folder / CHECKPOINT).write_bytes(saved(checkpoint()))
    assert checkpoint()["stage"].keys() == STAGE
    with contextlib.redirect_stdout(io.StringIO()):
        assert len(Training(network(), folder, "here").losses) == 1


def test_the_checkpoint_of_another_training_is_not_gone_on_from(folder):
    (folder / CHECKPOINT).write_bytes(saved(checkpoint() | {"start": "elsewhere"}))
    assert not len(Training(network(), folder, "here").losses)


CHECKPOINT_BYTES = saved(checkpoint())


@pytest.mark.fault(
    "any change of the bytes of a checkpoint (property-based)",
    "the training goes on from it or begins anew",
)
@given(data=st.data())
@settings(max_examples=100)
def test_a_damaged_checkpoint_is_gone_on_from_or_begun_anew(folder, data):
    (folder / CHECKPOINT).write_bytes(data.draw(damaged(CHECKPOINT_BYTES)))
    go_on(folder)


@given(entry=st.sampled_from(sorted(checkpoint()) + sorted(STAGE)), value=TORCH_VALUES)
@settings(max_examples=100)
def test_a_changed_checkpoint(folder, entry, value):
    content = checkpoint()
    (content["stage"] if entry in STAGE else content)[entry] = value
    (folder / CHECKPOINT).write_bytes(saved(content))
    reads_or_refuses(go_on, folder)
