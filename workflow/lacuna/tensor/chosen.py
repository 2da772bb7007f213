"""The cells, times and doses that a tensor is asked to be of."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.names import spelt_as
from lacuna.io.perturbations import of_genes

Step = tuple[str, pd.Series]  # its name, and why experiments fall out there, by their labels


def other_cells(experiments: pd.DataFrame, cells: Sequence[str]) -> Step:
    """Return which experiments are of cells that are not asked for.

    Parameters
    ----------
    experiments
        As `lacuna.tensor.filters.filter_experiments` takes them.
    cells
        Names, in upper or lower case.

    Raises
    ------
    LacunaError
        If one is the cell of no signature; it names the nearest.
    """
    there = experiments["cell"].astype(object)
    known = list(there.unique())
    asked = spelt_as(pd.Series(cells, dtype=object), known)
    for cell in asked[~asked.isin(known)]:
        raise LacunaError(
            f"tensor: cells: no signature is of cell {cell!r}{did_you_mean(cell, known)}; there "
            f"are {listed(sorted(known), 20)}."
        )
    other = there[~there.isin(asked)]
    return f"cells: {len(asked)} named", pd.Series("not one of tensor: cells", other.index, object)


def other_times(experiments: pd.DataFrame, times: Sequence[float]) -> Step:
    """Return which experiments were not read at the times asked for, in hours, or say no time.

    Raises
    ------
    LacunaError
        If there is a time at which no signature was read.
    """
    there = experiments["time"]
    for time in times:
        if not np.isclose(there, time).any():
            known = [f"{each:g}" for each in sorted(there.dropna().unique())]
            raise LacunaError(
                f"tensor: times: no signature was read at {time:g} h; there are times of "
                f"{', '.join(known) or 'none'} h. Name those, or leave times out."
            )
    said = ", ".join(f"{time:g}" for time in times)
    other = there[~np.isclose(there.to_numpy()[:, None], list(times)).any(axis=1)]
    return f"times: {said} h", _why(other, "time {:g} h is not one of {}", said, "no time is given")


def other_doses(experiments: pd.DataFrame, doses: Mapping[str, float | None]) -> Step:
    """Return which experiments have other doses than those asked for, or none.

    Those of genes, which have no dose, stay.

    Parameters
    ----------
    experiments
        As in `other_cells`.
    doses
        min and max, in micromolar, both included; None, or missing, for no bound.
    """
    low, high = doses.get("min"), doses.get("max")
    bounds = [f"at least {low:g}"] if low is not None else []
    bounds += [f"at most {high:g}"] if high is not None else []
    said = f"{' and '.join(bounds)} uM" if bounds else "any"
    there = experiments["dose"]
    least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
    outside = ~there.between(least, most) & ~of_genes(experiments["pert_type"])
    other = there[outside] if bounds else there.iloc[:0]
    return f"doses: {said}", _why(other, "dose {:g} uM is not {}", said, "no dose is given")


def _why(values: pd.Series, form: str, said: str, without: str) -> pd.Series:
    return pd.Series(
        [without if np.isnan(value) else form.format(value, said) for value in values],
        values.index,
        dtype=object,
    )
