"""Tiny trained models of planted cells, for tests of what they predict."""

import numpy as np
import torch
from planted_cells import planted_cells

from lacuna.single_cell.model.train import train

TINY = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 3, "check_every": 1, "device": "cpu",
}  # fmt: skip
WORLD = planted_cells(drugs=8, cells=3, controls=12, genes=20, descriptors=6, counts=True)
DRUGS, VECTORS = WORLD.drugs, WORLD.table.to_numpy()
ROWS = WORLD.observations.rows(np.arange(12))  # controls of line 0


def fit(world=WORLD, drugs=DRUGS[:6], **options):
    examples = world.examples(drugs)
    return train(examples, None, np.random.default_rng(0), **{**TINY, **options})


MODEL, V1, FULL = fit(offset="none"), fit(preset="v1"), fit()


def by_hand(model, rows, shift):
    """Decode rows with the network's own parts."""
    with torch.no_grad():
        latent = model.network.basal(torch.from_numpy(rows)) + torch.from_numpy(shift)
        mean, variance = model.network.decode(latent)
    return mean.numpy(), np.maximum(variance.numpy(), 1e-6)
