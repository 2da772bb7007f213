"""The network of DeepCellState against its layers written out; parts that several networks have."""

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.networks import cell_states
from lacuna.networks.cell_states import NARROW, WIDE, CellStates, Shape
from lacuna.networks.layers import VariationalEncoder, begin_as_keras, divergence, draw


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


def test_a_skip_weight_per_gene_begins_as_one_of_the_output_layer_in_keras():
    torch.manual_seed(0)
    decoders = [CellStates(shape(per_gene=True, wide=4), 0).common for _ in range(200)]
    begun = torch.cat([decoder.passed_on.detach() for decoder in decoders])
    limit = (6 / (4 + 1 + 1)) ** 0.5  # Glorot uniform: of 4 units and the input, to one output
    assert begun.abs().max() <= limit
    assert begun.abs().max() > 0.95 * limit and abs(begun.mean()) < 0.2 * limit
    assert (CellStates(shape(), 0).common.passed_on == 0).all()


@pytest.mark.parametrize("per_gene", [True, False])
def test_many_profiles_are_passed_through_in_blocks_and_nothing_is_dropped(monkeypatch, per_gene):
    torch.manual_seed(0)
    network = CellStates(shape(per_gene=per_gene, wide=4, narrow=3), 1).train()
    profiles = torch.randn(11, 7)
    whole = network.predict(profiles, network.decoders[0]), network.encode(profiles)
    seen = []
    network.encoder.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    monkeypatch.setattr(cell_states, "CELLS_AT_ONCE", 4 * 4 * (7 if per_gene else 1))
    assert torch.allclose(network.predict(profiles, network.decoders[0]), whole[0], atol=1e-6)
    assert seen == [4, 4, 3]
    assert torch.allclose(network.encode(profiles), whole[1], atol=1e-6)
    assert not whole[0].requires_grad and not whole[1].requires_grad
    assert network.predict(profiles[:0], network.decoders[0]).shape == (0, 7)
    monkeypatch.setattr(cell_states, "CELLS_AT_ONCE", 1)
    assert network.rows_at_once == 1


def test_decoders_begin_as_copies_of_the_common_one_and_are_their_own():
    network = CellStates(shape(), 3)
    common = network.common.state_dict()
    for decoder in network.decoders:
        assert all(torch.equal(common[name], w) for name, w in decoder.state_dict().items())
    network.decoders[0].output.bias.data += 1
    assert (network.common.output.bias == 0).all()
    network.copy_common()
    assert (network.decoders[0].output.bias == 0).all()


def test_a_copy_with_other_dropout_predicts_the_same():
    network = CellStates(shape(), 2)
    other = network.with_dropout(0.1, 0.7)
    shares = [layer.p for layer in other.modules() if isinstance(layer, nn.Dropout)]
    assert shares == [0.1, *3 * [0.7, 0.1]]  # encoder; hidden and skip of the common, of two cells
    assert (other.shape.input_dropout, other.shape.decoder_dropout) == (0.1, 0.7)
    assert network.encoder.dropout.p == 0.5
    profiles = torch.randn(3, 7)
    for one, same in zip(network.decoders, other.decoders, strict=True):
        assert torch.equal(network.predict(profiles, one), other.predict(profiles, same))


def test_first_weights_are_drawn_as_keras_does():
    """Glorot uniform: to the square root of 6 / (inputs + outputs) at most; no bias."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 20, bias=False))
    begin_as_keras(layers)
    for layer, limit in ((layers[0], (6 / 400) ** 0.5), (layers[2], (6 / 120) ** 0.5)):
        assert 0.99 * limit < layer.weight.abs().max() <= limit
    assert (layers[0].bias == 0).all()


def test_states_are_drawn_with_their_mean_and_variance():
    torch.manual_seed(0)
    hidden = nn.Linear(4, 6)
    mean, log_variance = VariationalEncoder(hidden, 6, 2)(torch.randn(3, 4))
    assert mean.shape == log_variance.shape == (3, 2)
    drawn = torch.stack([draw(mean, log_variance) for _ in range(20_000)])
    assert torch.allclose(drawn.mean(dim=0), mean, atol=0.05)
    assert torch.allclose(drawn.var(dim=0), log_variance.exp(), rtol=0.05)


def test_the_divergence_is_that_from_the_standard_normal_distribution():
    mean, log_variance = torch.randn(2, 4, 3, generator=torch.manual_seed(0))
    normal = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    plain = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0, 1))
    assert torch.allclose(divergence(mean, log_variance), plain, atol=1e-5)
