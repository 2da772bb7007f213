"""Variational autoencoder with an anchor loss, a rival of DeepCellState (Umarov et al. 2021).

One encoder for all cells, a decoder for each, as in DeepCellState; but latent states are drawn, and
an anchor draws those of one drug in two cells together. Losses, weights and dropout are those of
the authors' code (umarov90/DeepCellState, competitors/VAE_anchor.py). Other than there, layers are
plain ones over all genes, not shared by the genes one by one, so the `dropout` of theirs, 0.8 of
128 or 256 values for each gene, would leave too few; a step takes a minibatch of pairs, not one
drug, and is the larger for it (theirs: `learning_rate` 1e-5, then 1e-4, `batch` 1, `patience` 5);
and validation drugs choose the best weights.

    loss = |decoder_e(z_dc) - x_de|^2 + KL(z_dc) + anchor |z_dc - z_de|^2,   z_dc from encoder(x_dc)

Assumptions
-----------
As DeepCellState: one latent state a drug, whatever the cell, which each cell decodes in its own
way.

When it fails
-------------
With few drugs; drawn states cost accuracy that the anchor must win back. Another start of the
training gives other predictions. A drug in no other cell falls back on another method.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Fallback, Method, Option
from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="VAE with anchor",
    summary="a variational autoencoder with a decoder for each cell and an anchor loss",
    source="Umarov et al. 2021, https://doi.org/10.1371/journal.pcbi.1009465",
    needs=(OTHER_CELLS,),
)


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    latent: Annotated[int, Option("size of the latent layer", ge=1)] = 128,
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 2e-3,
    batch: Annotated[int, Option("number of pairs of a step", ge=1)] = 64,
    common_epochs: Annotated[
        int, Option("of the first stage, on profiles one by one, at most", ge=1)
    ] = 40,
    epochs: Annotated[int, Option("of the second stage, on pairs, at most", ge=1)] = 100,
    patience: Annotated[
        int, Option("the second stage ends after so many epochs without a better one", ge=1)
    ] = 20,
    steps: Annotated[int, Option("steps of an epoch of pairs into each cell, at most", ge=1)] = 8,
    anchor: Annotated[
        float, Option("weight of the distance of the states of one drug in two cells", ge=0)
    ] = 0.05,
    divergence: Annotated[
        float, Option("weight of the Kullback-Leibler divergence of the states", ge=0)
    ] = 0.005,
    common_divergence: Annotated[float, Option("the same in the first stage", ge=0)] = 2e-4,
    input_dropout: Annotated[
        float, Option("share of the inputs that training drops", ge=0, le=1)
    ] = 0.5,
    dropout: Annotated[
        float, Option("share of the hidden units that training drops", ge=0, le=1)
    ] = 0.2,
    fallback: Fallback = "mean_2d",
    device: ComputeDevice = "auto",
) -> FromOtherCells:
    """Train a common autoencoder; then encoder and each cell's decoder on pairs of profiles.

    Where a drug has no profile in another cell, or the cell has none in training, the method
    `fallback` predicts.
    """
    from lacuna.completion.shared.paired import fit_on_pairs  # imports PyTorch
    from lacuna.completion.trainers.vae_anchor import Options, PairedVae

    options = Options(
        latent=latent,
        learning_rate=learning_rate,
        batch=batch,
        common_epochs=common_epochs,
        epochs=epochs,
        patience=patience,
        steps=steps,
        anchor=anchor,
        divergence=divergence,
        common_divergence=common_divergence,
        input_dropout=input_dropout,
        dropout=dropout,
    )
    build = partial(PairedVae, options=options)
    return fit_on_pairs(build, observed, rng, work, fallback=fallback, device=device)
