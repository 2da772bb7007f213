"""What Snakemake measured of a job: the file that `benchmark:` of a rule names."""

import math
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """What a job took.

    Attributes
    ----------
    seconds : float
        Wall time, the start of Python among it; NaN where nothing was measured.
    mebibytes : float
        Peak memory; NaN where the job did not live long enough to be measured.
    """

    seconds: float
    mebibytes: float


def read_benchmark(path: str | Path) -> Measured:
    """Read what Snakemake measured of a job; of several tries, the last.

    A full disk or a kill leaves a file that is empty, or ends before its row does. No result hangs
    on it, so that it is no error: nothing was measured then, and both are NaN.
    """
    try:
        head, *rows = (line.split("\t") for line in Path(path).read_text("utf-8").splitlines())
        row = dict(zip(head, rows[-1], strict=True))
        seconds = float(row["s"])
        mebibytes = math.nan if row["max_rss"] in ("-", "NA") else float(row["max_rss"])
    except (OSError, ValueError, LookupError):
        return Measured(math.nan, math.nan)
    if not 0 <= seconds < math.inf:
        return Measured(math.nan, math.nan)
    return Measured(seconds, mebibytes)


def read_seconds(path: str | Path) -> float | None:
    """Read the wall time of a job alone; None where it was not measured."""
    seconds = read_benchmark(path).seconds
    return None if math.isnan(seconds) else seconds
