"""DeepCellState's model file says what it is, and predicts the same or is refused in words."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from damage import cut_short, empty, flip_a_byte
from networks import described, untrained
from structured import learn, screen
from toy import axes_of, clustered

from lacuna.completion.cell_model import CellModel, TrainedOn, versions_now
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.networks.cell_states import CellStates, Shape

LATENT = "weights.encoder.latent.weight"
GENES, CELLS = [f"g{number}" for number in range(12)], ["A", "B", "C"]


def network(per_gene=False, skip=True) -> DeepCellState:
    """Random weights, every one of them other than 0."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = CellStates(Shape(len(GENES), 5, per_gene, 0.5, 0.8, skip), 2)
        for values in made.parameters():
            torch.nn.init.normal_(values, std=0.05)  # about as large as Keras draws them
    return DeepCellState(made, np.array([1, -1, 0]), 0.7, "all", "mean_1d", None)


@pytest.fixture
def path(tmp_path):
    network().save(tmp_path / "m.h5", described(GENES, CELLS))
    return tmp_path / "m.h5"


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("per_gene", [True, False])
@pytest.mark.parametrize("skip", [True, False])
def test_numpy_predicts_what_pytorch_does(tmp_path, lazy, per_gene, skip):
    model = network(per_gene, skip)
    model.save(tmp_path / "m.h5", described(GENES, CELLS))
    profiles = 0.3 * np.random.default_rng(0).normal(size=(70, len(GENES)))  # in three blocks
    kept = CellModel.load(tmp_path / "m.h5", lazy)
    for cell in (0, 2):
        expected = model.translate(profiles, None, cell)
        found = kept.translate(profiles, cell)
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() < 1e-6
        again = DeepCellState.load(tmp_path / "m.h5", "cpu").translate(profiles, None, cell)
        assert np.array_equal(again, expected)
    assert np.abs(kept.translate(profiles, 0) - kept.translate(profiles, 2)).max() > 0.01


def test_the_same_network_makes_the_same_bytes(path, tmp_path):
    network().save(tmp_path / "again.h5", described(GENES, CELLS))
    assert path.read_bytes() == (tmp_path / "again.h5").read_bytes()


def test_it_says_what_it_was_trained_on(tmp_path):
    tensor = clustered(cells=3)
    axes = axes_of(tensor)
    symbols = axes["genes"].assign(symbol=[f"S{number}" for number in range(len(tensor.genes))])
    training = tensor.take(tensor.drug > 3)
    on = TrainedOn.of(
        training, axes["drugs"], symbols.iloc[::-1], "mine", {"latent": 8}, dataset="x"
    )
    untrained(cells=3).save(tmp_path / "m.h5", on)
    kept = CellModel.load(tmp_path / "m.h5")
    found = kept.trained_on
    assert found.genes["symbol"].tolist() == symbols["symbol"].tolist()
    assert found.cells.tolist() == ["c0", "c1", "c2"]
    assert kept.reached == ["c0", "c1"]
    assert found.drugs["drug"].tolist() == [f"d{number}" for number in range(4, 24)]
    assert (found.scale, found.name, found.options) == ("unit", "mine", {"latent": 8})
    assert found.facts == {"dataset": "x"}
    assert kept.versions == versions_now()
    assert {"lacuna", "python", "torch"} <= set(kept.versions)
    assert found.digest == on.digest
    other = replace(training, profiles=3 * training.profiles)
    of_other = TrainedOn.of(other, axes["drugs"], symbols, "mine", {})
    assert of_other.scale == "z"
    assert of_other.digest != on.digest


@pytest.mark.fault(
    "a kept network that is cut short, empty, or has another byte",
    "refused in words; no prediction is made of it",
    promise="whole",
)
@pytest.mark.parametrize("damage", [cut_short, flip_a_byte, empty])
def test_damaged_files_are_refused(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"m\.h5: "):
        CellModel.load(path)


def test_a_model_of_another_kind_or_format_is_refused(path, tmp_path):
    tensor, side, _ = screen(drugs=24)
    learn(tensor, side)[1].save(tmp_path / "kernel.h5")
    with pytest.raises(LacunaError, match=r"kernel\.h5: not a model of profiles .*'lacuna compl"):
        DeepCellState.load(tmp_path / "kernel.h5", "cpu")
    change(path, "facts", format="2")
    with pytest.raises(LacunaError, match=r"of format 2 \(Lacuna .*\), expected format 1"):
        CellModel.load(path)
    hdf5.save(path, {"x": np.zeros(3)})
    with pytest.raises(LacunaError, match=r"not a model of profiles.*it holds 'x'.*model\.h5"):
        CellModel.load(path)


def change(path, table=None, drop=None, **values):
    """Write a file again, with other values, or without some."""
    content = hdf5.load(path)
    if table == "facts":
        facts = content["facts"].set_index("key")["value"]
        for name, value in values.items():
            facts[name] = value
        content["facts"] = facts.drop(drop or []).reset_index()
    else:
        content |= values
        content.pop(drop, None)
    hdf5.save(path, content)


def shape(**changes):
    plain = {"genes": 12, "latent": 5, "per_gene": False, "skip": True, "slope": 0.2}
    return json.dumps({**plain, "input_dropout": 0.5, "decoder_dropout": 0.8, **changes})


def cells(names, decoders):
    return pd.DataFrame({"cell": names, "decoder": decoders})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"drop": "genes"}, "genes"),
        ({"drop": "weights.common.output.bias"}, "no 'common.output.bias'"),
        ({"weights.extra": np.zeros(3, np.float32)}, "'extra' besides"),
        (
            {LATENT: np.zeros((5, 3), np.float32)},
            r"expected float32 \(5, 2",
        ),
        ({LATENT: np.zeros((5, 256))}, "is float64"),
        (
            {LATENT: np.full((5, 256), np.nan, np.float32)},
            "holds what is no number",
        ),
        ({"genes": pd.DataFrame({"gene": ["a"], "symbol": [""]})}, "1 genes, and a network of 12"),
        ({"genes": pd.DataFrame({"gene": ["a"] * 12, "symbol": [""] * 12})}, "stands twice"),
        ({"genes": np.arange(3)}, "no table of 'gene', 'symbol'"),
        ({"cells": cells(CELLS, [1, -1, 1])}, "not numbered one by one"),
        ({"cells": cells(CELLS, [1, -2, 0])}, "no whole numbers from -1 on"),
        ({"cells": cells(CELLS, [1.0, -1, 0])}, "no whole numbers from -1 on"),
        ({"cells": cells(["A", "A", "B"], [1, -1, 0])}, "stands twice"),
        ({"cells": cells(CELLS, [0, -1, -1])}, "besides"),
        ({"table": "facts", "scale": "log"}, "scale 'log'"),
        ({"table": "facts", "inputs": "none"}, "inputs 'none'"),
        ({"table": "facts", "largest": "nan"}, "largest value nan"),
        ({"table": "facts", "largest": "0"}, "largest value 0.0"),
        ({"table": "facts", "shape": shape(genes=13)}, "network of 13"),
        ({"table": "facts", "shape": shape(latent=4)}, "expected float32"),
        ({"table": "facts", "shape": shape(slope=2)}, "slope 2"),
        ({"table": "facts", "shape": "{"}, "Train it again"),
        ({"table": "facts", "shape": "[]"}, "is no mapping"),
        ({"table": "facts", "drop": ["digest"]}, "not a model of profiles"),
    ],
)
def test_parts_that_make_no_model_are_refused(path, how, said):
    change(path, **how)
    with pytest.raises(LacunaError, match=rf"(?s)m\.h5: .*{said}"):
        CellModel.load(path)


def test_a_network_of_another_slope_is_not_trained_on(path):
    change(path, "facts", shape=shape(slope=0.1))
    with pytest.raises(LacunaError, match=r"slope 0\.1"):
        DeepCellState.load(path, "cpu")


def test_the_model_of_another_tensor_is_refused(path):
    tensor = clustered(cells=3, genes=len(GENES))
    with pytest.raises(LacunaError, match=r"m\.h5: .* trained on 3 cells.* others, as 'c0'"):
        DeepCellState.load(path, "cpu", tensor)
    DeepCellState.load(path, "cpu", replace(tensor, cells=np.array(CELLS)))
    with pytest.raises(LacunaError, match="has 3: these in another order"):
        DeepCellState.load(path, "cpu", replace(tensor, cells=np.array(CELLS[::-1])))


def test_weights_are_read_where_they_are_used(path):
    """What is damaged in one cell's decoder is no matter to another's."""
    content = path.read_bytes()
    place = content.index(hdf5.load(path)["weights.decoders.1.output.weight"].tobytes()[:64])
    path.write_bytes(content[:place] + b"xxxx" + content[place + 4 :])
    kept = CellModel.load(path, lazy=True)
    profiles = np.ones((1, len(GENES)))
    assert kept.translate(profiles, 2).shape == profiles.shape
    with pytest.raises(DamagedFile):
        kept.translate(profiles, 0)
    with pytest.raises(DamagedFile):
        CellModel.load(path)
