"""CCA as the paper has it: 50 components, no ridge, every well weighs the same."""

from dataclasses import replace

import numpy as np

from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Pairs, State
from lacuna.retrieval.methods import cca, shared

METHOD = Method(
    label="CCA, 50 components",
    summary="as `cca`, with 50 components and without a ridge",
    source="Finlayson et al. 2021, section 3.2, https://doi.org/10.48550/arXiv.1911.10241",
)
COMPONENTS = 50
NAME = "cca_published"  # in messages


def fit(training: Pairs, validation: Pairs, rng: np.random.Generator) -> cca.Cca:
    """Fit to training pairs; nothing is chosen.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from.
    """
    shared.check_fit(NAME, training, validation)
    ranker = cca.fit(training, validation, rng, components=COMPONENTS, penalties=[0.0])
    return replace(ranker, name=NAME)


def restore(state: State) -> cca.Cca:
    """Make the ranker of its state."""
    return replace(cca.restore(state), name=NAME)
