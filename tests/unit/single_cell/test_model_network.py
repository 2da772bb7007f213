"""The network is what the paper draws, and each difference between presets shows in it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_cells import planted_cells
from torch import nn

from lacuna.completion.card import declared_options
from lacuna.errors import LacunaError
from lacuna.single_cell.model import presets
from lacuna.single_cell.model.examples import doses_read
from lacuna.single_cell.model.molecules import Vectors
from lacuna.single_cell.model.network import Network, Sizes
from lacuna.single_cell.model.settings import Settings
from lacuna.single_cell.model.train import train

SETTINGS = Settings(**presets.filled({}), preset="corrected", likelihood="gaussian",
                    new_lines="mean", device="cpu")  # fmt: skip
SMALL = replace(
    SETTINGS, dimensions=5, autoencoder_width=8, autoencoder_depth=2, doser_width=6, doser_depth=1,
    encoder_width=7, encoder_depth=2, adversary_width=6, adversary_depth=1,
)  # fmt: skip
RNG = np.random.default_rng(0)


def network(settings=SMALL, sizes=None):
    torch.manual_seed(0)
    sizes = sizes or Sizes(genes=10, inner=0, vector=4, drugs=3, lines=2)
    return Network(sizes, settings, nn.Identity()).eval()


def rows(count, width):
    return torch.from_numpy(RNG.normal(size=(count, width)).astype(np.float32))


def test_every_option_stands_in_the_signature_and_in_the_settings_and_defaults_are_corrected():
    options = declared_options(train)
    assert list(options) == list(Settings.__dataclass_fields__)
    for table in presets.PRESETS.values():
        assert set(table) == set(options) - {"preset", "likelihood", "new_lines", "device"}
        for name, value in table.items():
            assert options[name].fault(value) is None
    defaults = {name: options[name].default for name in presets.CORRECTED}
    assert defaults == presets.CORRECTED


def test_an_option_given_outweighs_its_preset_and_wrong_ones_are_named():
    assert presets.filled({"preset": "v1"})["dose"] == "raw"
    assert presets.filled({"preset": "v1", "dose": "log1p"})["dose"] == "log1p"
    assert presets.filled({})["checkpoint"] == "best"
    for options, message in (
        ({"preset": "v2"}, "preset is 'v2', expected one of"),
        ({"ordre": "x"}, "did you mean 'order'"),
        ({"epochs": 0}, "expected at least 1"),
        ({"adversary_steps": 1}, "the autoencoder learns nothing"),
    ):
        with pytest.raises(LacunaError, match=message):
            train(None, None, np.random.default_rng(0), **options)


def test_presets_are_the_papers_and_the_authors():
    """Of the facts' sections 2.1-2.3: Table 6, and the differences between both codes."""
    v1, head, ours = presets.V1, presets.HEAD, presets.CORRECTED
    said = {name: (v1[name], head[name], ours[name]) for name in v1}
    assert said["order"] == ("scaled_input", "scaled_output", "scaled_output")
    assert said["doser"] == ("linear", "sigmoid", "sigmoid")
    assert said["drug_adversary"] == ("cross_entropy", "multi_label", "cross_entropy")
    assert said["dose"] == ("raw", "raw", "log1p")
    assert said["controls"] == ("drug", "drug", "zero")
    assert said["checkpoint"] == ("last", "last", "best")
    assert said["base"] == ("pooled", "pooled", "line")
    assert said["offset"] == ("none", "none", "controls")
    assert said["genes"] == ("raw", "raw", "standardised")
    assert said["extension"] == ("adapters", "adapters", "matched")
    assert said["variance"] == ("mean", "mean", "total")
    assert said["carried_lines"] == ("none", "none", "named")
    assert said["score"] == ("published", "published", "change")
    assert said["gamma"] == (0.5, 0.9, 0.5)
    assert said["clip"] == (0.0, 1.0, 1.0)
    table_6 = {
        "dimensions": 32, "doser_width": 64, "doser_depth": 1, "doser_rate": 5.61e-4,
        "doser_decay": 1.33e-7, "autoencoder_width": 256, "autoencoder_depth": 4,
        "autoencoder_rate": 1.12e-3, "autoencoder_decay": 3.75e-7, "adversary_width": 128,
        "adversary_depth": 3, "adversary_rate": 8.06e-4, "adversary_decay": 4e-6,
        "adversary_steps": 2, "drug_weight": 24.1, "penalty_weight": 3.35, "batch": 128,
        "step_epochs": 100, "encoder_width": 128, "encoder_depth": 3, "epochs": 1500,
    }  # fmt: skip
    assert {name: v1[name] for name in table_6} == table_6
    assert set(presets.TABLE_7) == {"GROVER", "MPNN", "RDKit", "weave", "JT-VAE", "GCN"}
    for row in presets.TABLE_7.values():
        assert set(row) < set(v1)


def test_the_published_network_has_the_published_layers():
    settings = replace(SETTINGS, **presets.V1)
    net = network(settings, Sizes(genes=977, inner=0, vector=200, drugs=40, lines=3))
    linear = {
        name: [tuple(part.weight.shape) for part in getattr(net, name).modules()
               if isinstance(part, nn.Linear)]
        for name in ("encoder", "decoder", "doser", "perturbation", "drug_adversary")
    }  # fmt: skip
    assert linear["encoder"] == [(256, 977), *[(256, 256)] * 3, (32, 256)]
    assert linear["decoder"] == [(256, 32), *[(256, 256)] * 3, (2 * 977, 256)]
    assert linear["doser"] == [(64, 201), (1, 64)]
    assert linear["perturbation"] == [(128, 200), *[(128, 128)] * 2, (32, 128)]
    assert linear["drug_adversary"] == [(128, 32), *[(128, 128)] * 2, (40, 128)]
    kinds = [type(part).__name__ for part in net.encoder]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU"] * 4 + ["Linear"]
    assert net.lines.weight.shape == (3, 32)
    # No part stands in a plain list: all are saved, and all are switched to evaluation.
    saved = set(net.state_dict())
    for part in ("lines.weight", "line_adversary.output.weight", "drug_adversary.output.bias"):
        assert part in saved
    assert not any(module.training for module in net.modules())


def test_the_dose_scales_the_vector_or_its_effect():
    vectors, dose = rows(6, 4), torch.linspace(0, 3, 6)
    for order in ("scaled_input", "scaled_output"):
        for doser in ("linear", "sigmoid"):
            net = network(replace(SMALL, order=order, doser=doser))
            size = net.doser(torch.cat([vectors, dose[:, None]], dim=1))
            if doser == "sigmoid":
                size = 1 / (1 + torch.exp(-size))
            expected = (
                net.perturbation(size * vectors)
                if order == "scaled_input"
                else size * net.perturbation(vectors)
            )
            found = net.effect(vectors, dose)
            torch.testing.assert_close(found, expected)
            other = net.effect(vectors, dose + 1)  # the doser is not bypassed
            assert (found - other).abs().max() > 1e-4


def test_doses_are_read_as_published_or_on_one_scale():
    dose, control = np.array([0.01, 10.0, 0.0]), np.array([False, False, True])
    read = {
        (kind, how): doses_read(dose, control, kind, how).tolist()
        for kind in ("bulk", "cells")
        for how in ("raw", "log1p")
    }
    assert read["bulk", "raw"] == pytest.approx([0.01, 10, 1])
    assert read["cells", "raw"] == pytest.approx([10, 10_000, 1])
    assert read["bulk", "log1p"] == read["cells", "log1p"]
    assert read["cells", "log1p"] == pytest.approx([np.log(1.01), np.log(11), 0])


def test_effects_of_several_drugs_add_up_and_of_none_are_zero():
    net, vectors = network(), rows(3, 4)
    reader = Vectors(vectors.numpy())
    drug = np.array([[0, 2], [1, -1], [-1, -1], [-1, 1]])
    dose = RNG.random((4, 2)).astype(np.float32)
    found = net.effects(reader, drug, dose)

    def single(number, size):
        return net.effect(vectors[[number]], torch.tensor([size]))[0]

    torch.testing.assert_close(found[0], single(0, dose[0, 0]) + single(2, dose[0, 1]))
    torch.testing.assert_close(found[1], single(1, dose[1, 0]))
    torch.testing.assert_close(found[3], single(1, dose[3, 1]))
    assert (found[2] == 0).all()
    assert (net.effects(reader, drug[2:3], dose[2:3]) == 0).all()
    alone = net.effects(reader, drug[:, :1][:2], dose[:, :1][:2])
    torch.testing.assert_close(alone[1], single(1, dose[1, 0]))


def test_a_single_drug_in_a_batch_is_no_reason_to_stop_nor_to_learn_its_variance():
    net = network().train()
    before = {name: value.clone() for name, value in net.doser.state_dict().items()}
    effect = net.effect(rows(1, 4), torch.ones(1))
    assert torch.isfinite(effect).all()
    assert all(torch.equal(value, before[name]) for name, value in net.doser.state_dict().items())
    assert all(module.training for module in net.modules())
    net.effect(rows(2, 4), torch.ones(2))
    assert not torch.equal(net.doser[1].running_mean, before["1.running_mean"])


def test_means_are_cut_at_zero_by_relu_alone_and_variances_are_positive():
    latent = rows(20, 5)
    linear, relu = (
        network(replace(SMALL, decoder_activation=kind)).decode(latent)
        for kind in ("linear", "relu")
    )
    assert (linear[0] < 0).any()
    torch.testing.assert_close(relu[0], linear[0].clamp(min=0))
    torch.testing.assert_close(relu[1], linear[1])
    assert (linear[1] > 0).all()
    share, dispersion = network(replace(SMALL, likelihood="negative_binomial")).decode(latent)
    torch.testing.assert_close(share.sum(dim=1), torch.ones(20))
    assert (dispersion > 0).all()


def test_levels_and_spreads_are_taken_out_before_and_come_back_behind():
    net, plain = network(), network()
    level, spread = RNG.normal(size=10), RNG.random(10) + 0.5
    spread[4] = 0  # a gene that never varies
    net.standardise(level, spread)
    divided = torch.from_numpy(np.where(spread > 0, spread, 1)).float()
    cells = rows(7, 10)
    scaled = (cells - torch.from_numpy(level).float()) / divided
    torch.testing.assert_close(net.basal(cells), plain.basal(scaled))
    (mean, variance), (before, narrow) = net.decode(rows(7, 5) * 0), plain.decode(rows(7, 5) * 0)
    torch.testing.assert_close(mean, before * divided + torch.from_numpy(level).float())
    torch.testing.assert_close(variance, narrow * divided**2)


def test_adapters_have_the_published_shapes():
    net = network(SMALL, Sizes(genes=20, inner=9, vector=4, drugs=3, lines=2))
    shapes = [tuple(part.weight.shape) for part in (net.before[0], net.after[2])]
    assert shapes == [(9, 20), (40, 18)]
    kinds = [[type(part).__name__ for part in side] for side in (net.before, net.after)]
    assert kinds == [["Linear", "BatchNorm1d", "ReLU"], ["BatchNorm1d", "ReLU", "Linear"]]
    assert net.encoder[0].in_features == 9
    mean, variance = net.decode(net.basal(rows(6, 20)))
    assert mean.shape == variance.shape == (6, 20)
    assert set(net.autoencoder()) >= set(net.before.parameters()) | set(net.after.parameters())


def test_each_weight_is_trained_by_one_of_three():
    net = network(SMALL, Sizes(genes=20, inner=9, vector=4, drugs=3, lines=2))
    groups = [net.autoencoder(), list(net.doser.parameters()), net.adversaries()]
    counted = [id(weight) for group in groups for weight in group]
    assert len(counted) == len(set(counted)) == len(list(net.parameters()))


def test_the_planted_world_is_what_it_says():
    world = planted_cells(noise=0.0, drugs=4)
    obs = world.observations.obs
    treated = obs[(obs["drug"] == "drug 2") & (obs["line"] == "line 1") & (obs["dose"] == 10)]
    control = obs[obs["control"] & (obs["line"] == "line 1")]
    where = obs.index.get_indexer
    mine = world.observations.rows(where(treated.index)) - world.observations.rows(
        where(control.index[:1])
    )
    np.testing.assert_allclose(mine[0], world.change[2, 1] * 10 / 11, atol=1e-5)
