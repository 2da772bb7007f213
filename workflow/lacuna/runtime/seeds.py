"""Independent random streams for all jobs, from the one seed of the configuration."""

import zlib

import numpy as np


def generator(seed: int, *names: object) -> np.random.Generator:
    """Return the random stream of one job.

    Parameters
    ----------
    seed
        The run's seed, from the configuration.
    *names
        The words that tell this job from others, for example a method and a fold. Other words, or
        the same in another order, give an independent stream; neither the order of jobs nor the
        number of cores matters.
    """
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *keys]))
