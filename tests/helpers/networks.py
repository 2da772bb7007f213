"""Small networks for the tests."""

import numpy as np
import pandas as pd
import torch

from lacuna.completion.cell_model import TrainedOn
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.networks.cell_states import CellStates, Shape


def untrained(genes=40, decoders=2, cells=5, seed=0) -> DeepCellState:
    """A network with random weights and decoders for the first of the cells."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CellStates(Shape(genes, 8, False, 0.5, 0.8, True), decoders)
        for decoder in network.decoders:  # so that they differ
            torch.nn.init.normal_(decoder.output.bias, std=0.1)
            torch.nn.init.constant_(decoder.passed_on, 0.5)
    number = np.where(np.arange(cells) < decoders, np.arange(cells), -1)
    return DeepCellState(network, number, 0.5, "all", "mean_2d", None)


def described(genes, cells, scale="unit", symbols=None, drugs=("d0", "d1")) -> TrainedOn:
    """What a model file says of a training on genes and cells of these names."""
    return TrainedOn(
        pd.DataFrame({"gene": list(genes), "symbol": list(genes if symbols is None else symbols)}),
        np.array(list(cells), object),
        pd.DataFrame({"drug": list(drugs), "name": [f"name of {drug}" for drug in drugs]}),
        scale,
        "0" * 64,
        "deepcellstate",
        {"latent": 8},
        {"dataset": "demo", "simulated": "true"},
    )


def of_groups(genes=40, groups=4) -> DeepCellState:
    """One decoder, where each gene raises the genes of its group alike, and no others."""
    model = untrained(genes, decoders=1, cells=1)
    encoder, decoder = model.network.encoder, model.network.decoders[0]
    group = np.arange(genes) * groups // genes
    with torch.no_grad():
        for weights in model.network.parameters():
            weights.zero_()
        for gene in range(genes):  # straight on, unit by unit
            encoder.hidden[0].weight[gene, gene] = 1
            encoder.hidden[2].weight[gene, gene] = 1
            encoder.latent.weight[group[gene], gene] = 1
            decoder.output.weight[gene, group[gene]] = 0.1
        for state in range(groups):
            decoder.expand.weight[state, state] = 1
            decoder.hidden[1].weight[state, state] = 1
    return model
