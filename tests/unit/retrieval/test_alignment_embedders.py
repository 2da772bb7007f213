"""The networks of both sides: sizes, first weights, ranks of blocks, vectors of molecules."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from torch import nn

from lacuna.retrieval.alignment.embedders import Vectors, grown, layers_of, ranked_blocks


@pytest.fixture(autouse=True)
def stream():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_the_published_embedder_is_a_self_normalising_network_without_constants():
    layers = layers_of(2934, (677, 1159), 51)
    kinds = [type(layer) for layer in layers]
    hidden = [nn.Linear, nn.SELU, nn.AlphaDropout]
    assert kinds == [*hidden, *hidden, nn.Linear]
    assert [tuple(weights.shape) for weights in layers.parameters()] == [
        (677, 2934),
        (1159, 677),
        (51, 1159),
    ]
    assert {layer.p for layer in layers if isinstance(layer, nn.AlphaDropout)} == {0.02}
    for weights in map(torch.detach, layers.parameters()):  # LeCun's
        spread = weights.shape[1] ** -0.5
        assert float(weights.std()) == pytest.approx(spread, rel=0.02)
        assert abs(float(weights.mean())) < 5 * spread / math.sqrt(weights.numel())


def test_a_self_normalising_network_keeps_mean_and_variance_over_many_layers():
    layers = layers_of(500, (400,) * 8, 400, dropout=0.05)
    states = layers(torch.randn(1000, 500)).detach()
    assert abs(float(states.mean())) < 0.1
    assert 0.7 < float(states.var()) < 1.4


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_other_activations_have_plain_dropout_and_constants_on_demand(activation):
    layers = layers_of(6, (5,), 4, activation=activation, bias=True, dropout=0.3)
    assert [type(layer).__name__.lower() for layer in layers] == [
        "linear",
        activation,
        "dropout",
        "linear",
    ]
    assert layers[0].bias is not None
    assert layers[2].p == 0.3


def test_constants_of_a_self_normalising_network_begin_at_zero():
    assert (layers_of(6, (5,), 4, bias=True)[0].bias == 0).all()


def test_no_hidden_layer_is_one_linear_map():
    layers = layers_of(6, (), 4)
    assert [type(layer) for layer in layers] == [nn.Linear]


def test_widths_grow_by_a_factor_between_the_limits():
    assert grown(3, 100, 1.5) == [100, 150, 225]
    assert grown(0, 100, 1.5) == []
    assert grown(4, 32, math.exp(-1.1)) == [32, 10, 4, 4]
    assert grown(4, 2048, math.exp(1.1)) == [2048, 4096, 4096, 4096]


def test_ranks_are_of_each_block_with_equal_values_in_the_middle():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 5, size=(4, 2, 6)).astype(np.float32)
    rows[3, 1] = 2  # all equal
    found = ranked_blocks(torch.from_numpy(rows.reshape(4, 12)), 2).numpy().reshape(4, 2, 6)
    ranks = rankdata(rows, axis=2)
    ranks -= ranks.mean(axis=2, keepdims=True)
    deviation = ranks.std(axis=2, keepdims=True)
    expected = np.divide(ranks, deviation, out=np.zeros_like(ranks), where=deviation > 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_vectors_are_given_by_number_as_they_are():
    rows = np.random.default_rng(0).normal(size=(5, 3))
    read = Vectors(rows)
    assert (len(read), read.width) == (5, 3)
    assert (
        read.batch(np.array([4, 0, 4]), "cpu").tolist()
        == rows.astype(np.float32)[[4, 0, 4]].tolist()
    )
    assert read.digest == Vectors(rows.astype(np.float32)).digest != Vectors(rows[::-1]).digest
    assert not list(read.encoder().parameters())
