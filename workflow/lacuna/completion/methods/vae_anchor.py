"""Variational autoencoder with an anchor loss, a rival of DeepCellState (Umarov et al. 2021).

One encoder for all cells, a decoder for each, as in DeepCellState; but latent states are drawn, and
an anchor draws those of one drug in two cells together. Losses, weights and dropout are those of
the authors' code (umarov90/DeepCellState, competitors/VAE_anchor.py). Other than there, layers are
plain ones over all genes, not shared by the genes one by one; a step takes a minibatch of pairs,
not one drug, and is the larger for it; and validation drugs choose the best weights.

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

from pathlib import Path

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Fallback, Method
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
    fallback: Fallback = "mean_2d",
    device: ComputeDevice = "auto",
) -> FromOtherCells:
    """Train a common autoencoder; then encoder and each cell's decoder on pairs of profiles.

    Where a drug has no profile in another cell, or the cell has none in training, the method
    `fallback` predicts.
    """
    from lacuna.completion.shared.paired import fit_on_pairs  # imports PyTorch
    from lacuna.completion.trainers.vae_anchor import PairedVae

    return fit_on_pairs(PairedVae, observed, rng, work, fallback=fallback, device=device)
