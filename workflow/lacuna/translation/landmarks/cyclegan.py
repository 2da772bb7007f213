"""CycleGAN: a generator each way, judged by discriminators, and by what comes back.

As Jeon et al. 2022 and their code (MaayanLab/L1000toRNAseq) train it: least-squares GAN, cycle and
identity losses, a buffer of earlier samples for the discriminators. Other than there, genes are
standardised inside the model, since L1000 lies at 0 to 15 and RNA-seq elsewhere; the last layer has
no activation, for a ReLU leaves some genes at 0 for ever; the buffer holds as many samples as
ten batches, as one smaller than a batch returns most of it untouched; and with `skip` a generator
learns what to add to a gene's own standardised value. A few hundred samples, which discriminators
soon know by heart, ask for smaller batches and for `noise`; the defaults are the authors'.
"""

from typing import Annotated

import numpy as np

from lacuna.completion.card import ComputeDevice, Option
from lacuna.translation.card import Step
from lacuna.translation.interface import FittedStep, LandmarkTraining, State

STEP = Step(
    label="CycleGAN",
    summary="generators both ways, trained against discriminators, so that a profile comes back",
    source="Jeon et al. 2022, https://doi.org/10.1186/s12859-022-04895-5",
    network=True,
)


def fit(
    training: LandmarkTraining,
    rng: np.random.Generator,
    *,
    epochs: Annotated[int, Option("passes over the larger side", ge=1)] = 100,
    width: Annotated[int, Option("units of the wide layers", ge=8)] = 512,
    cycle: Annotated[float, Option("weight of the cycle loss", ge=0)] = 10.0,
    identity: Annotated[float, Option("weight of the identity loss", ge=0)] = 10.0,
    learning_rate: Annotated[float, Option("of Adam; a tenth of it every 50 epochs", gt=0)] = 2e-4,
    batch: Annotated[int, Option("samples of each side in a step", ge=2)] = 100,
    noise: Annotated[
        float, Option("added to what discriminators see, in standard deviations", ge=0)
    ] = 0.0,
    skip: Annotated[bool, Option("add to a gene's own value; false as in the paper")] = True,
    device: ComputeDevice = "auto",
) -> FittedStep:
    """Train both generators."""
    from lacuna.translation.trainers.cyclegan import CycleLosses, train  # imports PyTorch

    weights = CycleLosses(cycle, identity)
    return train(
        training,
        rng,
        losses=weights,
        epochs=epochs,
        width=width,
        learning_rate=learning_rate,
        batch=batch,
        noise=noise,
        skip=skip,
        device=device,
    )


def restore(state: State) -> FittedStep:
    """Make the step of its state."""
    from lacuna.translation.trainers.cyclegan import GeneratorStep

    return GeneratorStep.of(state)
