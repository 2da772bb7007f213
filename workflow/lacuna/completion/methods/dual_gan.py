"""Dual GAN with a correspondence loss, a rival of DeepCellState (Umarov et al. 2021).

As MAGAN (Amodio and Krishnaswamy 2018, ICML): a generator into each cell; a discriminator that
tells its profiles from measured ones; a profile taken to another cell and back should be what it
was (cycle), and what is known to correspond should meet (correspondence). Here as in the authors'
code (umarov90/DeepCellState, competitors/dual_gan.py): the generator is one small network on single
values, the same for every gene. So it cannot mix genes, nor tell one gene from another: it is the
same scalar map for all of them, which is why the published numbers are weak.

Other than there, cells may be more than two: the generator into a cell takes profiles of any other
one, which for two cells is the dual GAN. Discriminators are plain layers over all genes, not shared
by the genes one by one. A step takes a minibatch of pairs, not one drug, and is the larger for it;
an epoch takes so many `steps` into each cell, however many pairs there are, which bounds the time.
Theirs are `learning_rate` 1e-5, `batch` 1, `epochs` 100, and as many `steps` as there are drugs.

    loss = adversarial + |G_c(G_e(x)) - x|^2 (cycle) + |G_e(x_dc) - x_de|^2 (correspondence)

Assumptions
-----------
A profile in one cell becomes one in another by a map of single values, the same for every gene.

When it fails
-------------
Nearly always: such a map cannot tell genes apart. It is here as a rival that was published, for
comparison. A drug in no other cell falls back on another method.
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
    label="Dual GAN",
    summary="a generator into each cell, trained against discriminators and on pairs of one drug",
    source=(
        "Amodio and Krishnaswamy 2018, https://doi.org/10.48550/arXiv.1803.00385, as run by "
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
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 1e-3,
    batch: Annotated[int, Option("number of pairs of a step", ge=1)] = 8,
    epochs: Annotated[int, Option("of the training, at most", ge=1)] = 20,
    patience: Annotated[int, Option("epochs without a better one that end it", ge=1)] = 5,
    steps: Annotated[int, Option("steps of an epoch into each cell", ge=1)] = 4,
    adversarial: Annotated[
        float, Option("weight of the discriminators' judgement of what is made", ge=0)
    ] = 0.01,
    fallback: Fallback = "mean_2d",
    device: ComputeDevice = "auto",
) -> FromOtherCells:
    """Train all generators and discriminators.

    A cell that shares no drug with another one in training has no generator and falls back.
    """
    from lacuna.completion.shared.paired import fit_on_pairs  # imports PyTorch
    from lacuna.completion.trainers.dual_gan import Options, PairedDualGan

    options = Options(
        learning_rate=learning_rate,
        batch=batch,
        epochs=epochs,
        patience=patience,
        steps=steps,
        adversarial=adversarial,
    )
    build = partial(PairedDualGan, options=options)
    return fit_on_pairs(build, observed, rng, work, fallback=fallback, device=device)
