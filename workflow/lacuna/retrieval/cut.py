"""The wells of a retrieval: one time, one dose, some lines, drugs of known structure.

After Finlayson et al. 2021 (https://doi.org/10.48550/arXiv.1911.10241) and their code: treated
wells of eight lines at one time and dose, drugs that every line has, and what vehicle wells of the
same plate say. Other than there, a drug is the full InChIKey of its parent structure and no id, and
controls of a plate are averaged: one drawn anew at each look makes scores random.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lacuna.errors import LacunaError, listed
from lacuna.io.level3 import Level3

TREATED = "trt_cp"
CONTROLS = ("ctl_vehicle", "ctl_untrt")
SAME_DOSE = 0.01  # relative: 9.99982 uM is 10 uM, 11.11 is not


class Chosen(NamedTuple):
    """Wells that passed the filters.

    Attributes
    ----------
    wells : DataFrame indexed by well
        cell, plate, drug (InChIKey of the parent), pert_id, name.
    account : DataFrame with columns step, wells, drugs
        What each filter left; drugs are pert_ids until they are structures.
    """

    wells: pd.DataFrame
    account: pd.DataFrame


def choose_wells(
    wells: pd.DataFrame,
    keys: pd.Series,
    *,
    lines: Sequence[str],
    time: float | None,
    dose: float | None,
    in_all_lines: bool,
    plates: Collection[str] | None = None,
) -> Chosen:
    """Filter treated wells.

    Parameters
    ----------
    wells
        As `io.geo.read_wells` gives them, or signatures with a column well and plate.
    keys
        InChIKey of the parent structure of each pert_id; missing where a structure cannot be read.
    lines
        Those of training, validation and test.
    time
        Hours; None for any.
    dose
        Micromolar, met within 1 %; None for any.
    in_all_lines
        Whether to leave out drugs that a line lacks.
    plates
        Those with control wells; None where none are needed.

    Raises
    ------
    LacunaError
        If a line is not in the screen, or a filter leaves nothing.
    """
    if missing := [line for line in lines if line not in set(wells["cell"])]:
        raise LacunaError(
            f"retrieval: lines: no well is of {listed(missing)}; the screen has "
            f"{listed(sorted(wells['cell'].unique()), 20)}."
        )
    kept = wells[wells["kind"] == TREATED]
    account = [("treated with a compound", len(kept), kept["drug"].nunique())]

    def keep(step: str, rows: ArrayLike, column: str = "drug") -> None:
        nonlocal kept
        before, kept = kept, kept[np.asarray(rows)]
        account.append((step, len(kept), kept[column].nunique()))
        if kept.empty:
            raise LacunaError(
                f"retrieval: no well is left by the filter {step!r} of {len(before):,} before it"
                f"{_there(before, step)}."
            )

    keep("of the lines", kept["cell"].isin(lines))
    if time is not None:
        keep(f"after {time:g} h", np.isclose(kept["time"], time))
    if dose is not None:
        keep(f"at {dose:g} uM", np.isclose(kept["dose"], dose, rtol=SAME_DOSE, atol=0))
    kept = kept.assign(key=kept["drug"].map(keys))
    keep("of a structure that can be read", kept["key"].notna(), "key")
    if plates is not None:
        keep("on plates with controls", kept["plate"].isin(plates), "key")
    if in_all_lines:
        everywhere = kept.groupby("key")["cell"].nunique() == len(set(lines))
        keep("of drugs in all lines", kept["key"].map(everywhere), "key")
    chosen = kept.set_index("well").rename(columns={"drug": "pert_id", "key": "drug"})
    table = pd.DataFrame(account, columns=["step", "wells", "drugs"])
    return Chosen(chosen[["cell", "plate", "drug", "pert_id", "name"]], table)


def _there(before: pd.DataFrame, step: str) -> str:
    """Say which values there are of what a filter asked for."""
    for word, column, unit in (("after", "time", "h"), ("at", "dose", "uM")):
        if step.startswith(f"{word} "):
            found = before[column].dropna().round(3).value_counts().index[:10]
            return f"; there are {listed([f'{value:g} {unit}' for value in found], 10)}"
    return ""


def plates_with_controls(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the control wells, of all lines and plates: well, plate."""
    return wells.loc[wells["kind"].isin(CONTROLS), ["well", "plate"]]


def read_profiles(level3: Level3, wells: Sequence[str] | pd.Index | pd.Series) -> np.ndarray:
    """Read wells: float32 array of shape (wells, genes), log2 expression."""
    profiles = np.empty((len(wells), len(level3.rows)), np.float32)
    done = 0
    for _, values in level3.blocks(wells):
        profiles[done : done + len(values)] = values
        done += len(values)
    return profiles


def mean_controls(level3: Level3, controls: pd.DataFrame, plates: Sequence[str]) -> np.ndarray:
    """Return the mean of the control wells of the plate of each treated well.

    Parameters
    ----------
    level3
        The matrix.
    controls
        well, plate of control wells; every plate asked for has one.
    plates
        Of treated wells.

    Returns
    -------
    float32 array of shape (wells, genes)
    """
    names = pd.Index(pd.unique(np.asarray(plates)))
    asked = controls[controls["plate"].isin(names)]
    number = names.get_indexer(pd.Index(asked["plate"]))
    total, done = np.zeros((len(names), len(level3.rows))), 0
    for _, values in level3.blocks(asked["well"]):
        np.add.at(total, number[done : done + len(values)], values)
        done += len(values)
    means = total / np.bincount(number, minlength=len(names))[:, None]
    return means[names.get_indexer(pd.Index(plates))].astype(np.float32)


def drawn_controls(
    level3: Level3, controls: pd.DataFrame, plates: Sequence[str], rng: np.random.Generator
) -> np.ndarray:
    """Return, for each treated well, one control well of its plate drawn at random, as the authors.

    They draw anew at every look, also when they judge; here a well keeps its control.
    """
    of_plate = controls.groupby("plate")["well"].agg(list)
    drawn = [rng.choice(of_plate[plate]) for plate in plates]
    unique, which = np.unique(drawn, return_inverse=True)
    return read_profiles(level3, [str(well) for well in unique])[which]
