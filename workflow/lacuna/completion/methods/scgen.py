"""Latent arithmetic as in scGen (Lotfollahi et al. 2019), a rival that Umarov et al. 2021 ran.

A variational autoencoder learns all profiles of all cells. A drug's profile in one cell is encoded,
moved by the mean latent difference of the two cells, over the training drugs measured in both, and
decoded. So all drugs are moved alike. Layers and losses are those of Umarov's code
(umarov90/DeepCellState, competitors/pytorch_VAE_arithmetic.py), with two repairs. Its sigmoid and
binary cross-entropy are for values from 0 to 1, but were given values from -1 to 1: here the loss
maps profiles to [0, 1] first. There most values lie close to 1/2, where cross-entropies hardly
differ, and a Kullback-Leibler divergence of full weight would leave the latent states nothing to
say: its weight, `divergence`, is the one that scGen's own package gives it, not Umarov's 1. He
trains 499 `epochs` of `batch` 200 without validation.

    x_de = decoder(encoder(x_dc) + mean over shared drugs of (encoder(x_.e) - encoder(x_.c)))

Assumptions
-----------
In latent space two cells differ by one vector, whatever the drug.

When it fails
-------------
Where a drug acts differently in two cells: all drugs are moved alike. With few drugs the latent
states are poor. Another start of the training gives other predictions. A drug in no other cell
falls back on another method.
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
    label="Latent shift (scGen)",
    summary="latent arithmetic: states of an autoencoder, moved by the cells' mean difference",
    source=(
        "Lotfollahi et al. 2019, https://doi.org/10.1038/s41592-019-0494-8, as run by "
        "Umarov et al. 2021, https://doi.org/10.1371/journal.pcbi.1009465"
    ),
    needs=(OTHER_CELLS,),
)


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    latent: Annotated[int, Option("size of the latent layer", ge=1)] = 20,
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 1e-3,
    batch: Annotated[int, Option("number of profiles of a step", ge=1)] = 50,
    epochs: Annotated[int, Option("of the training, at most", ge=1)] = 100,
    patience: Annotated[int, Option("epochs without a better one that end it", ge=1)] = 10,
    divergence: Annotated[
        float, Option("weight of the Kullback-Leibler divergence of the states", ge=0)
    ] = 5e-5,
    fallback: Fallback = "mean_2d",
    device: ComputeDevice = "auto",
) -> FromOtherCells:
    """Train the autoencoder and compute the shifts.

    Where a drug has no profile in a cell that shares enough drugs with the wanted one, the method
    `fallback` predicts.
    """
    from lacuna.completion.shared.paired import fit_on_pairs  # imports PyTorch
    from lacuna.completion.trainers.scgen import Options, PairedScgen

    options = Options(
        latent=latent,
        learning_rate=learning_rate,
        batch=batch,
        epochs=epochs,
        patience=patience,
        divergence=divergence,
    )
    build = partial(PairedScgen, options=options)
    return fit_on_pairs(build, observed, rng, work, fallback=fallback, device=device)
