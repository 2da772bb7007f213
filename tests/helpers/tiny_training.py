"""Tiny trainings on planted cells, and what differs between two networks."""

import numpy as np
from planted_cells import planted_cells

from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.validation import Validation

TINY = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 3, "check_every": 1, "device": "cpu",
}  # fmt: skip
WORLD = planted_cells(drugs=16, cells=3, controls=20, genes=30, descriptors=8, latent=3)
DRUGS = WORLD.drugs
TRAINED = WORLD.examples(DRUGS[:10])
CHECKED = Validation(WORLD.examples(DRUGS[10:13], controls=2))


def fit(examples=TRAINED, validation=CHECKED, seed=0, work=None, start=None, **options):
    return train(
        examples, validation, np.random.default_rng(seed), work, start, **{**TINY, **options}
    )


def weights(model):
    return {name: value.numpy().copy() for name, value in model.network.state_dict().items()}


def equal(one, other):
    return all(np.array_equal(value, other[name]) for name, value in one.items())


def moved(one, other, *parts):
    """Return which parts of two networks differ in a trained weight."""
    return {
        name.partition(".")[0]
        for name, value in one.items()
        if not np.array_equal(value, other[name]) and "running" not in name and "num" not in name
    }
