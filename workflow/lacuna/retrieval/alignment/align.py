"""The coordinated model: two networks that bring a profile and its molecule to one place.

Finlayson, McDermott et al. 2021, https://doi.org/10.48550/arXiv.1911.10241. The defaults are those
of the paper's Table A2.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np

from lacuna.completion.card import ComputeDevice, Option
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.interface import State
from lacuna.retrieval.measures import Measure

if TYPE_CHECKING:
    from torch import nn

    from lacuna.retrieval.alignment.aligned import Aligned

# quadruplet_code: (gA, mA) twice, (gA, mB), (mA, gB). quadruplet_paper: all four pairs.
# quintuplet: quadruplet_code, and the triplet of profiles. triplet_profile, triplet_molecule:
# the anchor is one, the others are the other; triplet_profiles: all three are profiles.
# contrastive, batch_...: negatives are the other compounds of the batch. cca correlates the sides
# up to a linear map of each, and triplet_profiles leaves molecules as they were: rank by a CCA on
# their places, not by distance.
LOSSES = (
    "quadruplet_code",
    "quadruplet_paper",
    "quintuplet",
    "triplet_profile",
    "triplet_molecule",
    "triplet_profiles",
    "contrastive",
    "batch_margin",
    "batch_triplet",
    "cca",
    "triplet_cca",
)
DISTANCES = ("euclidean", "correlation", "cosine")


def fit(
    training: Examples,
    validation: Examples,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    loss: Annotated[str, Option("what the training lowers", choices=LOSSES)] = "quadruplet_code",
    beta: Annotated[float, Option("the boundary between near and far", ge=0)] = 1.3,
    margin: Annotated[float, Option("how far beyond the boundary is enough", ge=0)] = 0.31,
    distance: Annotated[str, Option("of the margin losses", choices=DISTANCES)] = "euclidean",
    temperature: Annotated[float, Option("of the contrastive loss", gt=0)] = 0.07,
    negatives: Annotated[
        str,
        Option(
            "how another compound is drawn, by its distance",
            choices=("uniform", "inverse_density", "random"),
        ),
    ] = "uniform",
    negative_distance: Annotated[
        str,
        Option(
            "between mean treated profiles, or between structures",
            choices=("expression", "structure"),
        ),
    ] = "expression",
    profile_layers: Annotated[Sequence[int], Option("widths of hidden layers of profiles")] = (
        677,
        1159,
    ),
    molecule_layers: Annotated[Sequence[int], Option("the same of molecules")] = (),
    dimensions: Annotated[int, Option("of the space", ge=2)] = 51,
    activation: Annotated[
        str, Option("of hidden layers", choices=("selu", "relu", "tanh", "sigmoid"))
    ] = "selu",
    bias: Annotated[bool, Option("whether layers add a constant")] = False,
    dropout: Annotated[float, Option("share of values left out in training", ge=0, le=0.9)] = 0.02,
    rank_transform: Annotated[bool, Option("ranks instead of values in each block")] = False,
    epochs: Annotated[int, Option("passes over the training, at most", ge=1)] = 12,
    patience: Annotated[int, Option("epochs without a better one before it stops", ge=1)] = 12,
    early_stopping: Annotated[
        bool, Option("keep the epoch of the highest validation MRR; false: the last")
    ] = True,
    batch: Annotated[int, Option("anchors in a step", ge=2)] = 417,
    batches_of: Annotated[
        str, Option("each well once an epoch, or a well of each drug", choices=("wells", "drugs"))
    ] = "wells",
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 5.6e-4,
    rank_distance: Annotated[
        str, Option("by which molecules are ranked", choices=DISTANCES)
    ] = "correlation",
    device: ComputeDevice = "auto",
) -> "Aligned":
    """Train both networks.

    Parameters
    ----------
    training
        What is learned from.
    validation
        By whose mean reciprocal rank the best epoch is chosen: profiles among `validation`'s
        molecules. Without profiles, the training loss stands for it.
    rng
        Decides first weights, batches, negatives and dropout.
    work
        The folder of the checkpoint from which a training that was killed goes on; None for none.

    Raises
    ------
    LacunaError
        If examples are not finite or do not fit each other, there are fewer than two compounds,
        or the loss is no longer a number.
    """
    from lacuna.retrieval.alignment.trainer import Settings, train  # imports PyTorch

    settings = Settings(
        loss=loss,
        beta=beta,
        margin=margin,
        distance=distance,
        temperature=temperature,
        negatives=negatives,
        negative_distance=negative_distance,
        profile_layers=tuple(profile_layers),
        molecule_layers=tuple(molecule_layers),
        dimensions=dimensions,
        activation=activation,
        bias=bias,
        dropout=dropout,
        rank_transform=rank_transform,
        epochs=epochs,
        patience=patience,
        early_stopping=early_stopping,
        batch=batch,
        batches_of=batches_of,
        learning_rate=learning_rate,
        rank_distance=cast(Measure, rank_distance),
        device=device,
    )
    return train(training, validation, rng, work, settings)


def restore(state: State, encoder: "nn.Module | None" = None) -> "Aligned":
    """Make the model of its state; see `lacuna.retrieval.alignment.aligned.Aligned.of`."""
    from lacuna.retrieval.alignment.aligned import Aligned

    return Aligned.of(state, encoder)
