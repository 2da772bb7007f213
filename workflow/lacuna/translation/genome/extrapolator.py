"""The paper's second network: layers from the landmarks to all genes.

As Jeon et al. 2022 and their code train it: ReLU after each hidden layer, mean squared error over
all genes, Adam, the rate halved every ten epochs, early stopping. Other than there, genes are
standardised inside the model; batches are shuffled; studies, not samples, are set aside to stop on;
inputs are given noise like step 1's error in every batch; and the output has no ReLU.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from lacuna.completion.card import ComputeDevice, Option
from lacuna.translation.card import Step
from lacuna.translation.interface import FittedStep, GenomeTraining, State

STEP = Step(
    label="Extrapolator",
    summary="a network of fully connected layers from the landmarks to all genes",
    source="Jeon et al. 2022, https://doi.org/10.1186/s12859-022-04895-5",
    network=True,
)


def fit(
    training: GenomeTraining,
    rng: np.random.Generator,
    *,
    widths: Annotated[
        Sequence[int], Option("units of the hidden layers; the code's are 2048, 4096, 8192", ge=1)
    ] = (512, 512),
    epochs: Annotated[int, Option("at most", ge=1)] = 100,
    learning_rate: Annotated[float, Option("of Adam", gt=0)] = 2e-4,
    device: ComputeDevice = "auto",
) -> FittedStep:
    """Train the network."""
    from lacuna.translation.trainers.extrapolator import train  # imports PyTorch

    return train(
        training,
        rng,
        widths=list(widths),
        epochs=epochs,
        learning_rate=learning_rate,
        device=device,
    )


def restore(state: State) -> FittedStep:
    """Make the step of its state."""
    from lacuna.translation.trainers.extrapolator import ExtrapolatorStep

    return ExtrapolatorStep.of(state)
