"""What Snakemake measured of a job: the file that `benchmark:` of a rule names."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd


class Measured(NamedTuple):
    """What a job took.

    Attributes
    ----------
    seconds : float
        Wall time, the start of Python among it.
    mebibytes : float
        Peak memory; NaN where the job did not live long enough to be measured.
    """

    seconds: float
    mebibytes: float


def read_benchmark(path: str | Path) -> Measured:
    """Read what Snakemake measured of a job; of several tries, the last."""
    row = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
    return Measured(float(row["s"]), float(row["max_rss"]))
