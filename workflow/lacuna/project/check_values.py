"""Do a matrix, its tables and the scale of its values belong together?"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from lacuna.errors import listed
from lacuna.io.level3 import LEAST_TOP, SIGNED
from lacuna.io.match import Comparison
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.project.findings import Finding, counted
from lacuna.signatures.values import BOUND, MOST_BEYOND, SIGNATURE_BOUND, beyond

MOST_COLUMNS = 2000  # that are looked at, evenly spread
MOST_VALUES = 2**22
MOST_ZEROS = 0.01  # of signatures; values rounded to two digits are 0 less often
SAME = 0.9  # mean cosine of rows: expression looks alike in all wells, signatures do not
UNIT = 1e-3  # how far from 1 the length of a unit row may be
COMPARED = 200  # rows between which cosines are taken


def spread(names: pd.Index, genes: int) -> pd.Index:
    """Choose columns to look at: all of few, or some evenly spread."""
    most = max(min(MOST_COLUMNS, MOST_VALUES // max(genes, 1)), 2)
    if len(names) <= most:
        return names
    return names[np.unique(np.linspace(0, len(names) - 1, most).astype(int))]


def describe_values(values: np.ndarray) -> str:
    """Describe a sample of values, shape (columns, genes), in a line."""
    low, middle, high = np.percentile(values, [0, 50, 100])
    return f"values from {low:.3g} to {high:.3g}, median {middle:.3g}"


def find_in_expression(values: np.ndarray, where: str) -> Iterator[Finding]:
    """Say what is wrong with values that should be Level 3: log2 expression, from about 2 to 15.

    Parameters
    ----------
    values : array of shape (wells, genes)
        Of some wells.
    where
        The file.
    """
    wrong = beyond(values)
    if wrong.any():
        of_wells = np.asarray(wrong.any(axis=1))
        stops = bool(of_wells.mean() > MOST_BEYOND)
        yield Finding(
            where,
            f"{counted(int(wrong.sum()), 'value')} in {counted(int(of_wells.sum()), 'well')} of "
            f"{len(of_wells)} looked at are beyond {BOUND:g}, such as {values[wrong][0]:.6g}: "
            f"missing values ({MISSING_NUMBER}), or intensities before the logarithm? "
            + (
                "Expected Level 3: log2 expression of wells, from about 2 to 15. Take log2, or "
                "leave those genes or wells out."
                if stops
                else "Such wells are left out, and counted."
            ),
            stops=stops,
        )
        values = values[~of_wells]
    if not values.size:
        return
    negative = float((values < 0).mean())
    zeros = int((values == 0).sum())
    expected = "Expected Level 3: log2 expression of wells, from about 2 to 15."
    if negative >= SIGNED:
        unit = np.abs(np.linalg.norm(values, axis=1) - 1).max() < UNIT
        kind = "unit rows (signatures)" if unit else "z-scores (Level 4) or signatures (Level 5)"
        yield Finding(
            where,
            f"{negative:.0%} of the values are negative, centred on {np.median(values):.2g}: "
            f"{kind}. {expected} Ready-made signatures go under level5, with a sig_info.",
        )
    elif negative:
        yield Finding(where, f"{negative:.2%} of the values are negative. {expected}")
    elif np.percentile(values, 99) < LEAST_TOP:
        yield Finding(
            where,
            f"99 % of the values are below {np.percentile(values, 99):.3g}: another logarithm, or "
            f"RNA-seq? {expected}",
        )
    if zeros and negative < SIGNED:
        wells = int((values == 0).any(axis=1).sum())
        yield Finding(
            where,
            f"{counted(zeros, 'value')} of {counted(wells, 'well')} are exactly 0, as where "
            "missing values were filled; they count as expression. Remove those wells or genes.",
        )


def find_in_signatures(
    values: np.ndarray, names: Iterable[object], where: str
) -> Iterator[Finding]:
    """Say what is wrong with values that should be signatures, which are centred on 0.

    Parameters
    ----------
    values : array of shape (signatures, genes)
        Of some signatures.
    names
        Their ids.
    where
        The file.
    """
    empty = ~values.any(axis=1)
    if empty.any():
        yield Finding(
            where,
            f"the signatures {listed(np.array(list(names), dtype=object)[empty])} are 0 in every "
            "gene and have no direction. Remove them from the matrix and sig_info.",
            stops=True,
        )
    yield from _find_missing(values, where)
    large = beyond(values, SIGNATURE_BOUND)
    if large.any():
        yield Finding(
            where,
            f"{counted(int(large.sum()), 'value')} are beyond {SIGNATURE_BOUND:,.0f}, such as "
            f"{values[large][0]:.6g}; expected z-scores, log fold changes or directions. Remove "
            "those signatures from the matrix and sig_info.",
            stops=True,
        )
    values = values[~empty & ~_holds_missing(values) & ~large.any(axis=1)]
    if len(values) < 2:
        return
    zeros = float((values == 0).mean())
    if zeros > MOST_ZEROS:
        never = int((values == 0).all(axis=0).sum())
        yield Finding(
            where,
            f"{zeros:.1%} of the values are exactly 0, and {counted(never, 'gene')} in every "
            "signature: they count as no change. Where they stand for what was not measured, leave "
            "those genes or signatures out.",
        )
    alike = mean_cosine(values)
    if not (values < 0).any():
        yield Finding(
            where,
            f"no value is negative, and the mean cosine between signatures is {alike:.2f}: "
            "expression (Level 3) rather than signatures (Level 5)? Give it as level3, with "
            "inst_info, pert_info and gene_info, or take differences from vehicle wells.",
        )
    elif alike > SAME:
        yield Finding(
            where,
            f"the mean cosine between signatures is {alike:.2f}: all point the same way. Expected "
            "changes against a vehicle, centred on 0.",
        )


def mean_cosine(values: np.ndarray) -> float:
    """Return the mean cosine between some rows, those of no length apart."""
    rows = values[np.unique(np.linspace(0, len(values) - 1, COMPARED).astype(int))].astype(float)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return float((rows @ rows.T)[np.triu_indices(len(rows), k=1)].mean())


def looks_like_expression(values: np.ndarray) -> bool:
    """Tell Level 3 from signatures: next to no value is negative."""
    kept = values[~_holds_missing(values)]
    return bool(kept.size) and float((kept < 0).mean()) < SIGNED


def find_in_comparison(found: Comparison, where: str) -> Iterator[Finding]:
    """Say what of a matrix, the file `where`, and its table has no partner on the other side."""
    if found.fault:
        yield Finding(where, found.fault, stops=True)
        return
    for line in found.lines():
        yield Finding(where, line)


def _holds_missing(values: np.ndarray) -> np.ndarray:
    return (values == MISSING_NUMBER).any(axis=1)


def _find_missing(values: np.ndarray, where: str) -> Iterator[Finding]:
    missing = values == MISSING_NUMBER
    if missing.any():
        whole = int(missing.all(axis=1).sum())
        yield Finding(
            where,
            f"{counted(int(missing.sum()), 'value')} are {MISSING_NUMBER}, LINCS's missing value, "
            f"in {counted(int(missing.any(axis=1).sum()), 'column')} ({whole} of them whole). "
            "Remove those columns from the matrix and sig_info.",
            stops=True,
        )
