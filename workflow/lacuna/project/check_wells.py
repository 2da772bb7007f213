"""What tables of wells and of signatures hold, and what is likely wrong with them."""

import re
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from lacuna.errors import listed
from lacuna.io.geo import ODD
from lacuna.io.perturbations import COMPOUND, CONTROLS, VEHICLE, of_genes
from lacuna.io.quantities import MICROMOLAR, UNITS, read_doses, read_numbers, read_times
from lacuna.project.findings import Finding, counted
from lacuna.signatures.characteristic_direction import FEWEST_VEHICLE_WELLS
from lacuna.signatures.make import (
    are_treated,
    controls_for,
    named_types,
    sort_wells,
    wanted_types,
)
from lacuna.signatures.signature_set import EXPERIMENT

# What LINCS calls its kinds of perturbagens (Subramanian et al. 2017,
# doi:10.1016/j.cell.2017.10.049).
KINDS = re.compile(r"(trt|ctl)_[a-z0-9_.]+")
LONGEST = 240  # hours; cells do not stay longer under a drug, so that more are minutes
MOST_LISTED = 12  # doses, times, kinds
COMMA = r"\s*[-+]?\d+,\d+.*"
TREATMENT = [column for column in EXPERIMENT if column != "batch"]
COLUMNS = {  # of what is read as text here, by our names
    "dose": ("pert_dose", "pert_idose"),
    "dose_unit": ("pert_dose_unit",),
    "time": ("pert_time", "pert_itime"),
    "time_unit": ("pert_time_unit",),
    "kind": ("pert_type",),
}


def as_written(table: pd.DataFrame) -> pd.DataFrame:
    """Return dose, dose_unit, time, time_unit and kind as the file writes them, else NaN."""
    return pd.DataFrame(
        {
            name: next((table[c].astype(object) for c in candidates if c in table), np.nan)
            for name, candidates in COLUMNS.items()
        },
        index=table.index,
    )


def describe_wells(wells: pd.DataFrame) -> list[str]:
    """Describe wells, as `lacuna.io.geo.read_wells` returns them, in a few lines."""
    wells, controls = _typed(wells), controls_for(wanted_types(wells))
    treated = wells[wells["pert_type"].notna()]
    vehicles = wells["kind"].isin(controls).groupby(wells["plate"]).sum()
    replicates = treated.groupby(EXPERIMENT, dropna=False, observed=True).size()
    plates = counted(wells["plate"].nunique(), "plate")
    return [
        f"{counted(len(wells), 'well')} on {plates}: {_tally(wells['kind'])}",
        f"{' and '.join(CONTROLS[each] for each in controls)} wells per plate: {_range(vehicles)}",
        f"plates that replicate each other: {_batches(wells)}",
        f"replicate wells per experiment: {_tally(replicates)}",
        *_quantities(treated),
    ]


def describe_signatures(info: pd.DataFrame, pert_types: Collection[str] = (COMPOUND,)) -> list[str]:
    """Describe signatures, as `lacuna.io.sig_info.read_signatures` returns them."""
    treated = info[info["kind"].isin(pert_types)]
    known = int(treated["p_value"].notna().sum())
    return [
        f"{counted(len(info), 'signature')}: {_tally(info['kind'])}",
        f"with a p-value: {known:,}; replicates: {_tally(treated['replicates'])}",
        *_quantities(treated),
    ]


def _quantities(treated: pd.DataFrame) -> list[str]:
    pairs = len(treated[["drug", "cell"]].drop_duplicates())
    drugs, cells = treated["drug"].nunique(), treated["cell"].nunique()
    return [
        f"doses: {_tally(treated['dose'], 'uM')}",
        f"times: {_tally(treated['time'], 'h')}",
        f"{counted(drugs, 'drug')} x {counted(cells, 'cell')}, {counted(pairs, 'pair')} of them: "
        f"{_tally(treated['cell'])}",
    ]


def _tally(values: pd.Series, unit: str = "") -> str:
    counts = values.value_counts(dropna=False)
    counts = counts.sort_index() if values.dtype.kind in "fi" else counts
    told = [
        f"{'none given' if missing else _short(value, unit)} ({count:,})"
        for value, count, missing in zip(counts.index, counts, counts.index.isna(), strict=True)
    ]
    more = f" and {len(told) - MOST_LISTED} more" if len(told) > MOST_LISTED else ""
    return ", ".join(told[:MOST_LISTED]) + more if told else "none"


def _short(value: object, unit: str) -> str:
    return f"{value:g} {unit}".strip() if isinstance(value, float) else str(value)


def _range(counts: pd.Series) -> str:
    if counts.empty:
        return "none"
    few = int((counts < FEWEST_VEHICLE_WELLS).sum())
    lowest, highest = int(counts.min()), int(counts.max())
    told = str(lowest) if lowest == highest else f"{lowest} to {highest}"
    return told + (f"; fewer than {FEWEST_VEHICLE_WELLS} on {counted(few, 'plate')}" if few else "")


def _batches(wells: pd.DataFrame) -> str:
    sizes = wells.groupby("batch", observed=True)["plate"].nunique()
    low, high = (int(sizes.min()), int(sizes.max())) if len(sizes) else (0, 0)
    batches = "1 batch" if len(sizes) == 1 else f"{len(sizes):,} batches"
    return f"{batches} of {low if low == high else f'{low} to {high}'} plates"


def find_in_wells(wells: pd.DataFrame, written: pd.DataFrame, where: str) -> Iterator[Finding]:
    """Say what is likely wrong with a table of wells.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them, or `lacuna.signatures.make.choose_types`.
    written
        As `as_written` returns the table's texts.
    where
        The file.
    """
    yield from find_in_quantities(written, where, named_types(wanted_types(wells)))
    yield from _find_in_kinds(wells["kind"], where)
    use = sort_wells(wells)
    treated = _typed(wells)[are_treated(use)]
    if treated.empty:
        yield _no_compound(wells, use, where)
        return
    yield from _find_in_plates(wells, use, where)
    yield from _find_in_replicates(treated, where)
    yield from find_in_axes(treated, where)


def _typed(wells: pd.DataFrame) -> pd.DataFrame:
    return wells.assign(pert_type=wanted_types(wells).astype(object))


def find_in_quantities(
    written: pd.DataFrame, where: str, pert_types: Collection[str] = (COMPOUND,)
) -> Iterator[Finding]:
    """Say what is likely wrong with doses and times of the treatments, as they are written.

    Genes have no doses, so that theirs are not looked at.
    """
    wanted = written["kind"].isin(pert_types)
    texts = written[wanted] if wanted.any() else written
    yield from _find_in_doses(_counted(texts[~of_genes(texts["kind"])]), where)
    yield from _find_in_times(_counted(texts), where)


def _counted(written: pd.DataFrame) -> pd.DataFrame:
    """Count the rows that write the same doses and times."""
    texts = written[["dose", "dose_unit", "time", "time_unit"]].astype(object)
    return texts.value_counts(dropna=False).rename("rows").reset_index()


def _find_in_doses(counts: pd.DataFrame, where: str) -> Iterator[Finding]:
    dose, rows = counts["dose"], counts["rows"]
    given = dose.notna() & (read_numbers(dose).notna() | dose.astype(str).str.contains(r"[^-.\d]"))
    comma = given & dose.astype(str).str.fullmatch(COMMA)
    number = read_numbers(dose)
    negative = given & number.lt(0)
    if comma.any():
        yield Finding(
            f"{where}, column pert_dose",
            f"{_examples(dose[comma])} ({rows[comma].sum():,} rows) have a decimal comma and are "
            "read as no dose; those wells are left out. Write a decimal point: 3.33.",
        )
    if negative.any():
        yield Finding(
            f"{where}, column pert_dose",
            f"{rows[negative].sum():,} doses are negative ({_examples(dose[negative])}): "
            "logarithms? Those wells are left out, and all others are read as concentrations. "
            f"Write the doses themselves, in {UNITS}.",
        )
    unit = counts["dose_unit"]
    unknown = given & ~comma & ~negative & read_doses(dose, unit).isna()
    if unknown.any():
        told = unit.where(unit.notna(), dose.astype(str).str.extract(r"([^-+.\d\s].*)$")[0])
        tally = rows[unknown].groupby(told[unknown].fillna("none given")).sum()
        yield Finding(
            f"{where}, column pert_dose_unit",
            f"doses in an unknown unit are left out: {_rows_of(tally)}. Known are {UNITS}; convert "
            "the others.",
        )
    own = dose.astype(str).str.extract(r"\d\s*([µμa-zA-Z]+)\s*$")[0].str.lower()
    differs = given & own.isin([*MICROMOLAR]) & unit.notna() & unit.astype(str).str.lower().ne(own)
    if differs.any():
        yield Finding(
            f"{where}, column pert_dose",
            f"{rows[differs].sum():,} doses name another unit ({_examples(dose[differs])}) than "
            f"pert_dose_unit ({_examples(unit[differs])}); the dose's own counts.",
        )


def _find_in_times(counts: pd.DataFrame, where: str) -> Iterator[Finding]:
    time, unit, rows = counts["time"], counts["time_unit"], counts["rows"]
    hours = read_times(time, unit)
    own = time.astype(str).str.extract(r"([a-zA-Z]+)\s*$")[0].where(time.notna())
    given = read_numbers(time).notna()
    negative = given & read_numbers(time).lt(0)
    if negative.any():
        yield Finding(
            f"{where}, column pert_time",
            f"{rows[negative].sum():,} times are negative ({_examples(time[negative])}) and count "
            "as none: wells are left out. Expected hours after the drug was given.",
        )
    unknown = given & ~negative & hours.isna()
    if unknown.any():
        told = unit.astype(object).fillna(own).fillna("none given")
        tally = rows[unknown].groupby(told[unknown]).sum()
        yield Finding(
            f"{where}, column pert_time_unit",
            f"times in an unknown unit count as none, and wells are left out: {_rows_of(tally)}. "
            "Known are h, min and d; convert the others.",
        )
    if (long := hours > LONGEST).any():
        yield Finding(
            f"{where}, column pert_time",
            f"{rows[long].sum():,} times are above {LONGEST} h ({_examples(time[long])}): minutes? "
            "Expected hours.",
        )


def _find_in_kinds(kinds: pd.Series, where: str) -> Iterator[Finding]:
    counts = kinds.value_counts()
    counts = counts[counts.index != ODD]
    strange = counts[[not KINDS.fullmatch(str(kind)) for kind in counts.index]]
    if len(strange):
        yield Finding(
            f"{where}, column pert_type",
            f"{_rows_of(strange)} are no types of LINCS, and these wells are left out. Call "
            f"compounds {COMPOUND}, and their vehicle {VEHICLE}.",
        )


def _no_compound(wells: pd.DataFrame, use: pd.Series, where: str) -> Finding:
    kinds = wells["kind"].replace(ODD, "none").value_counts()
    types = wanted_types(wells)
    named, controls = ", ".join(named_types(types)), controls_for(types)
    why = use[types.notna()].value_counts()
    reasons = f"Its {named} wells: {_rows_of(why)}. " if len(why) else ""
    vehicles = wells["kind"].isin(controls).astype(int).groupby(wells["plate"]).sum()
    plates = (vehicles >= FEWEST_VEHICLE_WELLS).sum()
    beside = " or ".join(CONTROLS[each] for each in controls)
    return Finding(
        f"{where}, column pert_type",
        f"no {'compound' if named == COMPOUND else 'treated'} well can be used. "
        f"{reasons}Types found: {_rows_of(kinds)}; "
        f"{counted(int(plates), 'plate')} with {FEWEST_VEHICLE_WELLS} or more {beside} wells. "
        f"Expected {named} wells with a known dose beside {' or '.join(controls)} wells of the "
        "same plate.",
        stops=True,
    )


def _find_in_plates(wells: pd.DataFrame, use: pd.Series, where: str) -> Iterator[Finding]:
    lost = wanted_types(wells).notna() & use.str.contains("fewer than")
    if lost.any():
        yield Finding(
            where,
            f"{counted(int(lost.sum()), 'compound well')} lie on "
            f"{counted(wells.loc[lost, 'plate'].nunique(), 'plate')} "
            f"({listed(wells.loc[lost, 'plate'].unique(), 3)}) with fewer than "
            f"{FEWEST_VEHICLE_WELLS} vehicle wells, and are left out.",
        )


def _find_in_replicates(treated: pd.DataFrame, where: str) -> Iterator[Finding]:
    replicates = treated.groupby(EXPERIMENT, dropna=False, observed=True).size()
    of_treatment = treated.groupby(TREATMENT, dropna=False, observed=True)
    batches = of_treatment["batch"].nunique()
    if not (replicates > 1).any() and (batches > 1).mean() > 0.5:
        alike = of_treatment["plate"].unique()[(batches > 1).to_numpy()].iloc[0]
        yield Finding(
            f"{where}, plates",
            f"{int((batches > 1).sum()):,} of {counted(len(batches), 'treatment')} stand on plates "
            f"such as {listed(alike[:2])}, which do not count as replicates of "
            "each other: their names differ elsewhere than after _X1, _X2, ... Write the same in a "
            "column batch for plates that replicate each other, or rename them, as A375_24H_X1 and "
            "A375_24H_X2.",
        )


def find_in_axes(treated: pd.DataFrame, where: str) -> Iterator[Finding]:
    """Say where there is one drug only, or ids that differ in case and yet may be two drugs."""
    if len(treated["drug"].unique()) == 1:
        yield Finding(
            where,
            f"all compounds are one drug, {treated['drug'].iloc[0]!r}: no p-value can be had, and "
            "what a method learns from other drugs, none does.",
        )
    names = pd.Series(treated["drug"].unique())
    twice = names[names.astype(str).str.casefold().duplicated(keep=False)]
    if len(twice):
        yield Finding(
            f"{where}, column pert_id",
            f"{listed(twice)} differ only in case, and count as several drugs, since case has a "
            "meaning in SMILES, which they may be. If they are one, write it in one way.",
        )


def _examples(texts: pd.Series) -> str:
    return listed(texts.dropna().unique(), 3)


def _rows_of(tally: Mapping | pd.Series) -> str:
    told = [f"{str(text)!r} ({count:,} rows)" for text, count in tally.items()]
    more = f" and {len(told) - MOST_LISTED} more" if len(told) > MOST_LISTED else ""
    return ", ".join(told[:MOST_LISTED]) + more
