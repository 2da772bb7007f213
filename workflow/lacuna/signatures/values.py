"""Which values can be log2 expression, and which signatures; what becomes of wells with others."""

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.quantities import MISSING_NUMBER as MISSING

# The log2 of a count per million is at most 19.93, Level 3 ends at 15, and the log2 of 0 with a
# millionth added is -19.93. LINCS writes -666 for what is missing; intensities reach 30,000.
BOUND = 20.0
# Of a signature: above all that a device of 16 bits can give, be it a z-score, a log fold change,
# or a difference of intensities.
SIGNATURE_BOUND = 1e5
MOST_BEYOND = 0.2  # of the wells that are looked at; with more, it is the file that is wrong
CHECKED = 200  # wells that are looked at before anything is done
NO_LOG2 = f"left out: a value beyond {BOUND:g}, which is no log2 expression"
NO_DIRECTION = "left out: like its reference in every gene, so without a direction"
CANCELLED = "left out: replicates that cancel each other out"


def beyond(values: np.ndarray, bound: float = BOUND) -> np.ndarray:
    """Tell which values cannot be: below -bound, above it, or no number."""
    return ~(np.abs(values) <= bound)


def check_scale(matrix: Gctx, wells: "pd.Series[str]", genes: np.ndarray) -> None:
    """Refuse a matrix of which many wells hold values that are no log2 expression.

    Up to 200 wells, evenly spread, are looked at. Single wells are left out where they are read.

    Parameters
    ----------
    matrix
        The open matrix.
    wells
        Those that are of use.
    genes
        Ids of the landmark genes.

    Raises
    ------
    LacunaError
        If more than a fifth of them hold one; it names the share of values, and where they stand.
    """
    names = wells.to_numpy()[np.unique(np.linspace(0, len(wells) - 1, CHECKED).astype(int))]
    values = matrix.read_any(list(genes), list(names))
    found = beyond(values)
    some = found.any(axis=1)
    if some.mean() <= MOST_BEYOND:
        return
    well, gene = np.argwhere(found)[0]
    by_gene = found.sum(axis=0)
    often = np.argsort(-by_gene, kind="stable")[: min(3, int((by_gene > 0).sum()))]
    first = f"well {str(names[well])!r}, gene {str(genes[gene])!r} with {values[well, gene]:.6g}"
    raise LacunaError(
        f"{matrix.path}: {found.mean():.2%} of the values are beyond {BOUND:g}, in {some.sum()} of "
        f"{len(names)} wells: the first is {first}; most often in the genes "
        f"{listed(genes[often])}. Expected log2 expression (Level 3), from about 2 to 15: these "
        "are intensities before the logarithm, counts, or missing values (-666). Take log2, or "
        "leave those genes or wells out."
    )


def check_signatures(matrix: Gctx, names: np.ndarray, values: np.ndarray) -> None:
    """Refuse signatures that have no direction, or values that no signature has.

    Parameters
    ----------
    matrix
        Where they stand, for the message.
    names : array of str of shape (n,)
    values : array of shape (n, genes)
        As the file has them.

    Raises
    ------
    LacunaError
        If one is 0 in every gene, or has a value of -666 or beyond 100,000.
    """
    empty = ~values.any(axis=1)
    if empty.any():
        raise LacunaError(
            f"{matrix.path}: the signatures {listed(names[empty])} are 0 in every gene and have no "
            "direction. Remove them from the matrix and sig_info."
        )
    wrong = beyond(values, SIGNATURE_BOUND) | (values == MISSING)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        some = wrong.any(axis=1)
        raise LacunaError(
            f"{matrix.path}: the signatures {listed(names[some])} ({some.sum()} of {len(some)} "
            f"read) hold values such as {values[row, column]:.6g}; expected z-scores, log fold "
            f"changes or directions, none beyond {SIGNATURE_BOUND:,.0f}, and {MISSING} is LINCS's "
            "missing value. Remove them from the matrix and sig_info."
        )
