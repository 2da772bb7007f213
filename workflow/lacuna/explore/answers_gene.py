"""Which drugs raise or lower a gene most, and where?"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.explore.answers import Answer, Table
from lacuna.explore.columns import Column
from lacuna.explore.index import Index
from lacuna.explore.names import find_cell, find_gene
from lacuna.explore.profile_table import about_profiles, gene_labels
from lacuna.explore.scales import comparable, error_of, usual_scale
from lacuna.explore.words import HIDDEN, SCALES, SOURCES


class Wanted(NamedTuple):
    """Which profiles are asked for; None asks for all.

    Attributes
    ----------
    cells
        Names, as `lacuna.explore.names` finds them.
    source
        One of `lacuna.explore.words.SOURCES`.
    min_r
        The smallest expected r; profiles of which none is known fall out, too.
    """

    cells: tuple[str, ...] = ()
    source: str | None = None
    min_r: float | None = None


def choose(index: Index, wanted: Wanted) -> np.ndarray:
    """Return which profiles are wanted, bool of shape (profiles,).

    Raises
    ------
    LacunaError
        If there is no such cell or source, or nothing is left.
    """
    if wanted.source is not None and wanted.source not in SOURCES:
        raise LacunaError(f"--source is {wanted.source!r}; expected measured or predicted.")
    profiles = index.profiles
    chosen = np.ones(len(profiles), bool)
    if wanted.cells:
        cells = [find_cell(index, cell) for cell in wanted.cells]
        chosen &= np.isin(profiles["cell"].to_numpy(), cells)
    if wanted.source is not None:
        chosen &= (profiles["source"] == wanted.source).to_numpy()
    if wanted.min_r is not None:
        chosen &= profiles["expected_r"].to_numpy() >= wanted.min_r
    if not chosen.any():
        best = profiles["expected_r"].max()
        known = "none is known" if pd.isna(best) else f"the largest is {best:.2f}"
        raise LacunaError(
            f"no profile of the {len(profiles):,} is left by --cell, --source and --min-r (of "
            f"expected r {known}); ask for less."
        )
    return chosen


def gene_answer(
    index: Index, gene: str, wanted: Wanted, top: int, scale: str | None = None
) -> Answer:
    """Name the drugs and cells in which a gene is raised and lowered most.

    Parameters
    ----------
    index
        The product's.
    gene
        As `lacuna.explore.names.find_gene` finds it.
    wanted
        Which profiles count.
    top
        How many in each direction.
    scale
        One of `lacuna.explore.words.SCALES`, which are all fair to measured and predicted profiles;
        by default `lacuna.explore.scales.usual_scale`.

    Returns
    -------
    Answer
        Tables up and down: direction, place, drug, name, cell, source, value, error, expected_r,
        tier, moa.

    Raises
    ------
    LacunaError
        As `find_gene` and `choose` do; if the scale needs an expected r, and none is known.
    """
    at = find_gene(index, gene)
    scale = scale or usual_scale(index.profiles)
    chosen = np.flatnonzero(choose(index, wanted))
    expected = index.profiles["expected_r"].to_numpy(float)[chosen]
    units = np.asarray(index.values_of(at), float)[chosen]
    values = comparable(units, expected, scale, len(index.genes))
    usable = np.flatnonzero(~np.isnan(values))
    if not len(usable):
        raise LacunaError(
            f"--scale {scale} needs an expected r, and none of these profiles has one; ask for "
            "--scale unit."
        )
    notes = []
    if len(usable) < len(values):
        notes.append(f"{len(values) - len(usable):,} profiles without an expected r are left out.")
    chosen, values, expected = chosen[usable], values[usable], expected[usable]
    predicted = (index.profiles["source"].to_numpy()[chosen] == "predicted").mean()
    facts = {
        "gene": str(index.genes["gene"].iloc[at]),
        "symbol": gene_labels(index)[at],
        "profiles": len(chosen),
        "of_them_predicted": f"{predicted:.0%}",
        "scale": f"{scale}: {SCALES[scale].about}",
    }
    errors = error_of(expected, len(index.genes), scale)
    tables, above = {}, {"value": Column(SCALES[scale].label, SCALES[scale].form)}
    for direction, keys in (("up", -values), ("down", values)):
        best = smallest(keys, top)
        best = best[keys[best] < 0]  # what is lowered raises nothing
        rows = about_profiles(index, chosen[best])
        rows.insert(0, "place", np.arange(1, len(best) + 1))
        rows.insert(0, "direction", direction)
        rows.insert(6, "value", values[best])
        rows.insert(7, "error", errors[best])
        rows["moa"] = index.drugs["moa"].to_numpy()[index.profiles["drug"].to_numpy()[chosen[best]]]
        title = f"{'raised' if direction == 'up' else 'lowered'} most"
        tables[direction] = Table(title, rows, ("direction", "drug", *HIDDEN.get(scale, ())), above)
    return Answer(f"{facts['symbol']}: who moves it, and where", facts, tables, notes)


def smallest(keys: np.ndarray, top: int) -> np.ndarray:
    """Return the positions of the smallest keys, in order; of equal ones, the first."""
    top = min(top, len(keys))
    if top == 0:
        return np.array([], int)
    limit = np.partition(keys, top - 1)[top - 1]
    near = np.flatnonzero(keys <= limit)
    return near[np.argsort(keys[near], kind="stable")][:top]
