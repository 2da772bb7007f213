"""Doses and times as tables write them ("10 uM", "24 h", "-666"), in micromolar and in hours.

The only place that reads them. LINCS writes a number and its unit in two columns (`pert_dose` and
`pert_dose_unit`), or both in one (`pert_idose`); -666 stands for a missing value.

Source: Subramanian et al. 2017, Cell 171:1437, doi:10.1016/j.cell.2017.10.049.
"""

import re

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed

MISSING = ["-666", "-666.0", "-666.00", "", "NA", "NaN", "nan"]
MISSING_NUMBER = -666
MICROMOLAR = {"um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3, "mm": 1e3, "pm": 1e-6}
HOURS = {
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], 1.0),
    **dict.fromkeys(["min", "mins", "minute", "minutes"], 1 / 60),
    **dict.fromkeys(["d", "day", "days"], 24.0),
}
FLAGS = {
    **dict.fromkeys(["1", "true", "t", "yes", "y"], True),
    **dict.fromkeys(["0", "false", "f", "no", "n"], False),
}

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WITH_UNIT = re.compile(rf"\s*(?P<number>{NUMBER})\s*(?P<unit>[µμa-zA-Z]*)\s*")
UNITS = "nM, uM, mM or pM"


def read_doses(texts: pd.Series, units: pd.Series | None = None) -> pd.Series:
    """Read doses; what is no concentration is missing.

    Parameters
    ----------
    texts
        Numbers as text, or with their unit: "10", "0.1 nM". A unit here comes before that of
        `units`.
    units
        The unit of each; None where each names its own.

    Returns
    -------
    float Series
        Micromolar, rounded to three digits, because plates write the same dose as 10, 10.0 and
        9.99999; NaN where none is given, it is negative, no number, or in an unknown unit.
    """
    doses = _read(texts, units, MICROMOLAR)
    return doses.where(doses >= 0).map(_rounded)


def read_times(texts: pd.Series, units: pd.Series | None = None) -> pd.Series:
    """Read times; what is no number of hours is missing.

    Parameters
    ----------
    texts
        Numbers as text, or with their unit: "6", "24 h", "24h", "30 min", "2 days".
    units
        The unit of each, hours where it is missing; None where each names its own, or none.

    Returns
    -------
    float Series
        Hours; NaN where none is given, it is negative, no number, or in another unit.
    """
    hours = pd.Series("h", texts.index) if units is None else units.fillna("h")
    times = _read(texts, hours, HOURS)
    return times.where(times >= 0)


def read_flags(texts: pd.Series, where: str, first_line: int) -> pd.Series:
    """Read yes or no, as programs write it: 1, 1.0, TRUE, True, yes, y, and their opposites.

    Parameters
    ----------
    texts
        NaN where none is given: that is no.
    where
        The file and its column, for the message.
    first_line
        The line of the first text.

    Returns
    -------
    bool Series

    Raises
    ------
    LacunaError
        If a text is neither, with its line.
    """
    plain = texts.astype(object).map(lambda text: text.strip().lower(), na_action="ignore")
    plain = plain.str.replace(r"^([01])\.0*$", r"\1", regex=True)
    wrong = np.flatnonzero(plain.notna() & ~plain.isin([*FLAGS]))
    if len(wrong):
        raise LacunaError(
            f"{where}: line {wrong[0] + first_line}: {texts.iloc[wrong[0]]!r} is neither yes nor "
            f"no ({len(wrong)} such rows); expected 1 or 0."
        )
    return plain.map(FLAGS).eq(True)


def is_given(texts: pd.Series) -> pd.Series:
    """Return which fields are neither empty nor -666, however many digits it has."""
    return texts.notna() & _numbers_and_units(texts)["number"].ne(MISSING_NUMBER)


def read_numbers(texts: pd.Series) -> pd.Series:
    """Read numbers, whatever unit follows them; NaN for what is none, and for -666."""
    numbers = _numbers_and_units(texts)["number"]
    return numbers.where(numbers.ne(MISSING_NUMBER))


def to_micromolar(values: pd.Series, unit: str | None, where: str) -> pd.Series:
    """Read doses of which each must be one.

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
        Rounded to three digits; NaN where none is given (blank or -666).

    Raises
    ------
    LacunaError
        If one is no dose, negative or infinite, has a unit that is not known, or none at all.
    """
    distinct = pd.Series(values.unique(), dtype=object)
    known = {value: _dose(value, unit, where) for value in distinct}
    return values.map(known).astype(float)


def _read(texts: pd.Series, units: pd.Series | None, known: dict[str, float]) -> pd.Series:
    found = _numbers_and_units(texts)
    named = found["unit"]
    if units is not None:
        named = named.where(named.ne(""), units.astype(object))
    spelling = {unit: known.get(str(unit).strip().lower(), np.nan) for unit in named.unique()}
    numbers = found["number"]
    return numbers.where(numbers.ne(MISSING_NUMBER)) * named.map(spelling).astype(float)


def _numbers_and_units(texts: pd.Series) -> pd.DataFrame:
    """Return the number (NaN if there is none) and the unit ("" if there is none) of each text."""
    distinct = texts.dropna().unique()
    found = {text: WITH_UNIT.fullmatch(str(text)) for text in distinct}
    numbers = {text: float(match["number"]) for text, match in found.items() if match}
    units = {text: match["unit"] for text, match in found.items() if match}
    texts = texts.astype(object)
    return pd.DataFrame(
        {"number": texts.map(numbers).astype(float), "unit": texts.map(units).fillna("")}
    )


def _dose(value: object, unit: str | None, where: str) -> float:
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
    return _rounded(number * factor)


def _factor(unit: str, where: str) -> float:
    found = WITH_UNIT.fullmatch(unit)
    times, name = (float(found["number"]), found["unit"]) if found else (1.0, unit.strip())
    if name.lower() not in MICROMOLAR:
        raise LacunaError(
            f"{where}: doses are in {unit!r}; expected {listed(['nM', 'uM', 'mM', 'pM'])}."
        )
    return times * MICROMOLAR[name.lower()]


def _rounded(dose: float) -> float:
    return float(f"{dose:.3g}")
