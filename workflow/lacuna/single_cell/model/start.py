"""The network before training: random weights, or those of a bulk screen."""

import numpy as np

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.network import Network, Sizes
from lacuna.single_cell.model.settings import ARCHITECTURE, Settings
from lacuna.single_cell.model.trained import Trained
from lacuna.single_cell.model.transfer import Plan, carry
from lacuna.single_cell.moments import sum_groups


def begin(examples: Examples, start: Trained | None, settings: Settings) -> Trained:
    """Return the network for some examples, untrained or pretrained.

    Parameters
    ----------
    examples
        What it will be trained on.
    start
        The model of another training; None for random weights.
    settings
        Options.

    Raises
    ------
    LacunaError
        If the options or the examples do not fit the start.
    """
    drugs, molecules = examples.drugs(), examples.molecules
    plan = Plan.of(start, examples.genes, settings) if start else Plan(examples.genes, 0)
    part, width = molecules.source.network(
        len(drugs), molecules.vectors.shape[1], settings.dimensions
    )
    sizes = Sizes(len(plan.genes), plan.inner, width, len(drugs), len(examples.lines))
    network = Network(sizes, settings, part)
    treated = [name for name in drugs if name != CONTROL] or [CONTROL]
    model = Trained(
        network,
        plan.genes,
        examples.lines,
        drugs,
        molecules.source,
        molecules.scaler(treated),
        examples.kind,
        np.zeros(len(plan.genes), np.float32),
        molecules.of_names([CONTROL]).vectors,
    )
    if settings.controls == "drug" and model.vehicle.size and np.isnan(model.vehicle).all():
        raise LacunaError(
            f"single_cell: models: controls are a drug, and {molecules.source.encoder} has no "
            f"vector of the vehicle ({CONTROL_SMILES}). Give one, or set controls: zero."
        )
    if start:
        model = carry(_checked(start, model), model)
    if settings.genes == "standardised":
        everyone = np.zeros(len(examples), int)
        sums = sum_groups(examples.observations, examples.positions, everyone, 1, model.genes)
        network.standardise(sums.mean[0], np.sqrt(sums.variance[0]))
    return model


def _checked(start: Trained, model: Trained) -> Trained:
    """Check that a start has the form of a model.

    Raises
    ------
    LacunaError
        If not.
    """
    one, other = start.settings, model.settings
    unlike = [name for name in ARCHITECTURE if getattr(one, name) != getattr(other, name)]
    if unlike:
        said = ", ".join(f"{name} ({getattr(one, name)})" for name in unlike)
        raise LacunaError(
            f"single_cell: models: the pretrained model has another {said}. Give the training the "
            "options of its pretraining, or pretrain anew."
        )
    if start.source != model.source or start.vehicle.shape != model.vehicle.shape:
        raise LacunaError(
            f"single_cell: models: the pretrained model reads drugs by {start.source.encoder} "
            f"({start.vehicle.shape[1]} values), this one by {model.source.encoder} "
            f"({model.vehicle.shape[1]}). Give both the same encoder and options "
            f"({listed(start.source.options)})."
        )
    return start
