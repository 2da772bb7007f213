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


def read_seconds(path: str | Path) -> float | None:
    """Read the wall time alone, of hundreds of jobs at once; None where none can be read."""
    try:
        head, *rows = Path(path).read_text(encoding="utf-8").splitlines()
        seconds = float(rows[-1].split("\t")[head.split("\t").index("s")])
    except (OSError, ValueError, IndexError):
        return None
    return seconds if 0 <= seconds < float("inf") else None
