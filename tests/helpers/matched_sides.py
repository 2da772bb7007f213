"""Small worlds of profiles and molecules, where what a molecule does is known."""

from dataclasses import replace

import numpy as np

from lacuna.retrieval.interface import Pairs


def planted_pairs(
    rng, *, molecules=90, features=24, bits=40, wells=4, noise=1.0, kind="jaccard", linked=True
):
    """Make training, validation and test pairs, of two thirds, a sixth and a sixth of molecules.

    Profiles are a linear function of the vectors, and noise; unless they are not linked.
    """
    vectors = (
        (rng.random((molecules, bits)) < 0.3).astype(np.float32)
        if kind == "jaccard"
        else rng.normal(size=(molecules, bits)).astype(np.float32)
    )
    molecule = np.repeat(np.arange(molecules), rng.integers(1, 2 * wells, molecules))
    effect = (vectors - vectors.mean(axis=0)) @ rng.normal(size=(bits, features))
    effect = effect if linked else rng.permutation(effect)
    profiles = effect[molecule] + noise * rng.normal(size=(len(molecule), features))
    whole = Pairs(profiles.astype(np.float32), vectors, molecule, kind)
    first, second = molecules * 4 // 6, molecules * 5 // 6
    cuts = ((0, first), (first, second), (second, molecules))
    return tuple(some_molecules(whole, low, high) for low, high in cuts)


def some_molecules(pairs, low, high):
    """Keep the molecules from `low` to before `high`."""
    kept = (pairs.molecule >= low) & (pairs.molecule < high)
    return replace(
        pairs,
        profiles=pairs.profiles[kept],
        vectors=pairs.vectors[low:high],
        molecule=pairs.molecule[kept] - low,
    )


def repeated(pairs):
    """Give each well a molecule of its own, which repeats the vector."""
    return replace(
        pairs, vectors=pairs.vectors[pairs.molecule], molecule=np.arange(len(pairs.molecule))
    )


def no_wells(pairs):
    """Keep the molecules alone."""
    return replace(pairs, profiles=pairs.profiles[:0], molecule=pairs.molecule[:0])
