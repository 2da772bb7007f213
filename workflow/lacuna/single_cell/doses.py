"""Doses in micromolar, whatever the source writes."""

import re

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import MICROMOLAR, MISSING, MISSING_NUMBER

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WITH_UNIT = re.compile(rf"\s*(?P<number>{NUMBER})\s*(?P<unit>[µμa-zA-Z]*)\s*")
UNITS = "nM, uM, mM or pM"


def to_micromolar(values: pd.Series, unit: str | None, where: str) -> pd.Series:
    """Read doses.

    Parameters
    ----------
    values
        Numbers, or texts such as "10 nM" and "1 uM", each with the unit that it names.
    unit
        Of numbers that name none; it may be a multiple, as "10 uM" where a dose is a share of the
        highest. None where all doses name theirs.
    where
        The file and its column, for messages.

    Returns
    -------
    float Series
        Rounded to three digits, as plates write one dose as 10 and 9.99999; NaN where none is
        given (blank or -666).

    Raises
    ------
    LacunaError
        If one is no dose, negative or infinite, has a unit that is not known, or none at all.
    """
    distinct = pd.Series(values.unique(), dtype=object)
    known = {value: _read(value, unit, where) for value in distinct}
    return values.map(known).astype(float)


def _read(value: object, unit: str | None, where: str) -> float:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return np.nan
    text = str(value).strip()
    if text in MISSING:
        return np.nan
    found = WITH_UNIT.fullmatch(text)
    if found is None:
        raise LacunaError(
            f"{where}: {text!r} is no dose; expected a number, or one with its unit ({UNITS})."
        )
    number = float(found["number"])
    if number == MISSING_NUMBER:
        return np.nan
    if found["unit"]:
        factor = _factor(found["unit"], where)
    elif unit is None:
        raise LacunaError(
            f"{where}: the dose {text!r} has no unit; say which it is (unit: nM or uM)."
        )
    else:
        factor = _factor(unit, where)
    if number < 0:
        raise LacunaError(
            f"{where}: the dose {text!r} is negative; expected a concentration, not its logarithm."
        )
    if not np.isfinite(number):
        raise LacunaError(f"{where}: the dose {text!r} is not finite; expected a concentration.")
    return float(f"{number * factor:.3g}")


def _factor(unit: str, where: str) -> float:
    found = WITH_UNIT.fullmatch(unit)
    times, name = (float(found["number"]), found["unit"]) if found else (1.0, unit.strip())
    if name.lower() not in MICROMOLAR:
        raise LacunaError(
            f"{where}: doses are in {unit!r}; expected {listed(['nM', 'uM', 'mM', 'pM'])}."
        )
    return times * MICROMOLAR[name.lower()]
