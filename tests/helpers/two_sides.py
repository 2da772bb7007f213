"""A small linear world of two sides: what a compound is shows in its profiles and in its vector."""

import numpy as np

from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.interface import Pairs

LATENT, GENES, DIMENSIONS = 6, 40, 30


def two_sides(seed: int, drugs: int, wells: int = 3, *, shuffled: bool = False) -> Examples:
    """Draw compounds of the one world; other seeds give other compounds of it.

    Shuffled, each compound's profiles stand with the vector of another one.
    """
    world, rng = np.random.default_rng(0), np.random.default_rng([seed, drugs])
    to_profile, to_vector = (
        world.normal(size=(LATENT, size)) / LATENT**0.5 for size in (GENES, DIMENSIONS)
    )
    latent = rng.normal(size=(drugs, LATENT))
    molecule = np.repeat(np.arange(drugs), wells)
    profiles = latent[molecule] @ to_profile + 0.2 * rng.normal(size=(len(molecule), GENES))
    vectors = latent @ to_vector + 0.2 * rng.normal(size=(drugs, DIMENSIONS))
    if shuffled:
        vectors = vectors[rng.permutation(drugs)]
    pairs = Pairs(profiles.astype(np.float32), vectors.astype(np.float32), molecule)
    return Examples(pairs, line=np.tile(np.arange(wells), drugs))
