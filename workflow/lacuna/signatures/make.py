"""From wells to the average of replicates: one unit profile per experiment, with its consistency.

An experiment is a drug at a dose and time in a cell line, within one batch; its replicates are
the wells of the batch's plates that got that treatment.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.geo import ODD
from lacuna.io.perturbations import (
    COMPOUND,
    CONTROLS,
    TREATED,
    VEHICLE,
    controls_of,
    of_genes,
)
from lacuna.io.quantities import UNITS
from lacuna.signatures.characteristic_direction import FEWEST_VEHICLE_WELLS, direction_from
from lacuna.signatures.consistency import (
    average_cosine_distance,
    distances_of,
    null_distances,
    p_value,
)
from lacuna.signatures.reference import reference_profile
from lacuna.signatures.signature_set import EXPERIMENT, FEW_DRUGS, HAS_P_VALUE, NO_REPLICATES
from lacuna.signatures.values import NO_LOG2, beyond, check_scale
from lacuna.signatures.within_plate import WithinPlates
from lacuna.vectors import unit_rows

# How far ACDs of the same wells may lie apart, which are added up in another order.
ROUNDING = 1e-5
Progress = Callable[[Iterable[Any]], Iterable[Any]]  # wraps a loop, as tqdm.tqdm does


def choose_types(wells: pd.DataFrame, pert_types: Iterable[str]) -> pd.DataFrame:
    """Say which wells are treatments that are wanted, in a column pert_type, NaN for all others.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them.
    pert_types
        As LINCS calls them: trt_cp, trt_sh, ...
    """
    chosen = pd.Categorical(wells["kind"].astype(object), list(pert_types))
    return wells.assign(pert_type=chosen)


def wanted_types(wells: pd.DataFrame) -> pd.Series:
    """Return what `choose_types` says of wells; of those that it was not asked of, compounds."""
    chosen = wells if "pert_type" in wells else choose_types(wells, [COMPOUND])
    return chosen["pert_type"]


def named_types(types: pd.Series) -> list[str]:
    """Return the types that were asked for; of the wells of single plates, those there are."""
    return [*types.cat.categories] if hasattr(types, "cat") else [*types.dropna().unique()]


def controls_for(types: pd.Series) -> list[str]:
    """Return the controls that treatments of these types are held against."""
    needed = set(controls_of(pd.Series(named_types(types), dtype=object)))
    return [control for control in CONTROLS if control in needed] or [VEHICLE]


def sort_wells(wells: pd.DataFrame) -> pd.Series:
    """Return the use of each well: vehicle, compound, or the reason why it is left out.

    A treatment that is no compound is called by its pert_type. Genes are held against wells of a
    vector, all others against those of the vehicle, of the same plate. They have no dose, so that
    what is written there does not count.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them, or `choose_types`; with the column unfit where
        the matrix was read: why a well cannot be used, NaN where it can.
    """
    fit = wells["unfit"].isna() if "unfit" in wells else pd.Series(True, wells.index)
    wanted, kinds = wanted_types(wells), wells["kind"].astype(object)
    controls, types = controls_for(wanted), wanted.astype(object)
    treated = types.notna()
    needs = kinds.where(kinds.isin(controls), controls_of(types).where(treated, controls[0]))
    plain = {*named_types(wanted)} <= {COMPOUND}
    others = "compound nor vehicle" if plain else "of a wanted pert_type nor its control"
    use = pd.Series(f"left out: neither {others}", index=wells.index)
    use[treated] = types[treated].replace(COMPOUND, "compound")
    unknown = treated & ~of_genes(types) & wells["unknown_dose"].notna()
    use[unknown] = "left out: dose in an unknown unit"
    when = treated & ~unknown & wells["unknown_time"].notna()
    use[when] = "left out: time in an unknown unit, or none given where others have one"
    for control in controls:
        named, is_control = CONTROLS[control], kinds.eq(control)
        use[is_control] = named
        there = (is_control & fit).groupby(wells["plate"]).transform("sum")
        too_few = needs.eq(control) & (there < FEWEST_VEHICLE_WELLS)
        use[too_few] = f"left out: plate with fewer than {FEWEST_VEHICLE_WELLS} {named} wells"
    if not fit.all():
        use[~fit] = wells["unfit"][~fit]
    use[kinds.eq(ODD)] = "left out: no plate, drug, type or cell is named"
    return use


def are_treated(use: pd.Series) -> "pd.Series[bool]":
    """Tell which wells are treatments, by what `sort_wells` says of them."""
    return use.eq("compound") | use.str.startswith(TREATED)


def count_wells(wells: pd.DataFrame) -> pd.DataFrame:
    """Count wells and plates by use; the wells add up to all of the series.

    Returns
    -------
    DataFrame with columns use, wells, plates
    """
    grouped = wells.groupby(sort_wells(wells).rename("use"))
    return grouped.agg(wells=("well", "size"), plates=("plate", "nunique")).reset_index()


class Plate(NamedTuple):
    """The wells of one plate that are of use.

    Attributes
    ----------
    wells : DataFrame
        Treated and control wells, with their use and pert_type (NaN of controls).
    expression : float32 array of shape (wells, genes)
    """

    wells: pd.DataFrame
    expression: np.ndarray


def read_batches(
    matrix: Gctx,
    wells: pd.DataFrame,
    genes: np.ndarray,
    progress: Progress = iter,
    unfit: dict[str, str] | None = None,
) -> Iterator[tuple[str, list[Plate]]]:
    """Read treated and control wells batch by batch, each well once.

    Parameters
    ----------
    matrix
        The open Level 3 matrix.
    wells
        As `lacuna.io.geo.read_wells` returns them, or `choose_types`.
    genes
        Ids of the landmark genes.
    progress
        Wraps the loop over batches, for example `tqdm.tqdm`.
    unfit
        Takes the wells that are left out for their values, and why.

    Yields
    ------
    str, list of Plate
        A batch and its plates, with the wells in the order of their names.

    Raises
    ------
    LacunaError
        If no treated well is left, the matrix cannot be read, or many of its values are no log2
        expression.
    """
    check_any_left(matrix, wells)
    use, types = sort_wells(wells), wanted_types(wells)
    treated = are_treated(use)
    check_scale(matrix, wells["well"][treated | use.isin([*CONTROLS.values()])], genes)
    # Control wells of plates with too few for a signature still say what the cells express.
    kept = treated | wells["kind"].isin(controls_for(types))
    usable = wells.assign(use=use, pert_type=types.astype(object))[kept]
    # Sorted by name, so that random draws do not depend on the order of inst_info.
    for batch, of_batch in progress(usable.sort_values("well").groupby("batch")):
        plates = [Plate(w, matrix.read(genes, w["well"])) for _, w in of_batch.groupby("plate")]
        yield batch, [_leave_out(plate, {} if unfit is None else unfit) for plate in plates]


def _leave_out(plate: Plate, unfit: dict[str, str]) -> Plate:
    """Leave out wells with values that are no log2 expression, and what has no controls then."""
    wrong = np.asarray(beyond(plate.expression).any(axis=1))
    if not wrong.any():
        return plate
    unfit.update(dict.fromkeys(plate.wells.loc[wrong, "well"], NO_LOG2))
    wells = plate.wells.loc[~wrong]
    wells = wells.assign(use=sort_wells(wells))
    kept = (are_treated(wells["use"]) | wells["kind"].isin([*CONTROLS])).to_numpy()
    return Plate(wells[kept], plate.expression[~wrong][kept])


def check_any_left(matrix: Gctx, wells: pd.DataFrame) -> None:
    """Refuse wells of which none can become a signature.

    Raises
    ------
    LacunaError
        If no treated well is left; it says how many fall out for what.
    """
    use = sort_wells(wells)
    if not are_treated(use).any():
        raise LacunaError(f"{matrix.path}: {_nothing_left(wells, use)}")


def _nothing_left(wells: pd.DataFrame, use: pd.Series) -> str:
    """Say why no signature can be made: how many wells fall out, and for what."""
    counts = ", ".join(f"{count:,} {what}" for what, count in use.value_counts().items())
    types = wanted_types(wells)
    named, controls = named_types(types), controls_for(types)
    beside = " or ".join(f"{CONTROLS[kind]} wells (pert_type {kind})" for kind in controls)
    well = "compound well" if named == [COMPOUND] else "treated well"
    said = (
        f"no {well} (pert_type {listed(named)}) with a known dose lies on a plate with at least "
        f"{FEWEST_VEHICLE_WELLS} {beside}; no signature can be made. Of "
        f"{len(wells):,} wells: {counts}."
    )
    kinds = wells["kind"].value_counts()
    if not {*named, *controls} <= set(kinds.index):
        said += f" pert_type is {_counted(kinds)}."
    doses, times = (wells[f"unknown_{what}"].value_counts() for what in ("dose", "time"))
    if len(doses):
        said += f" Doses that cannot be read: {_counted(doses)}; expected a number in {UNITS}."
    if len(times):
        said += f" Times that cannot be read: {_counted(times)}; expected a number in h, min or d."
    return said


def _counted(counts: pd.Series, most: int = 5) -> str:
    named = ", ".join(f"{text!r} ({count:,})" for text, count in counts.head(most).items())
    return named if len(counts) <= most else f"{named} and {len(counts) - most} more"


def directions_of(
    plates: Iterable[Plate], gamma: float, references: Iterable[str]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]] | None:
    """Return the treated wells of a batch and their Characteristic Directions.

    Returns
    -------
    DataFrame
        The treated wells, plate by plate, with the number of their plate's control wells
        (vehicle_wells).
    dict of float32 arrays of shape (wells, genes)
        Their directions, against each reference. None in place of both where there is no treated
        well.
    """
    treated: list[pd.DataFrame] = []
    directions: dict[str, list[np.ndarray]] = {reference: [] for reference in references}
    for wells, expression in plates:
        of_use = are_treated(wells["use"])
        for control in CONTROLS:
            against = (of_use & controls_of(wells["pert_type"]).eq(control)).to_numpy()
            is_control = wells["kind"].eq(control).to_numpy()
            if not against.any():
                continue
            treated.append(wells[against].assign(vehicle_wells=is_control.sum()))
            compound, vehicle = expression[against], expression[is_control]
            direct = direction_from(vehicle, gamma)
            for reference, of_plates in directions.items():
                of_plates.append(direct(compound - reference_profile(compound, vehicle, reference)))
    if not treated:
        return None
    joined = {reference: np.concatenate(plates) for reference, plates in directions.items()}
    return pd.concat(treated, ignore_index=True), joined


def average_replicates(
    wells: pd.DataFrame, directions: np.ndarray, null_draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Average the wells of each experiment of a batch and test whether they agree.

    Returns
    -------
    DataFrame, float32 array
        Table and profiles of a `SignatureSet`.
    """
    groups = wells.groupby(EXPERIMENT, dropna=False, sort=True)
    members = [np.asarray(positions) for positions in groups.indices.values()]
    table = wells.iloc[[wells_of[0] for wells_of in members]][[*EXPERIMENT, "name"]]
    table = table.reset_index(drop=True)
    table["replicates"] = [len(wells_of) for wells_of in members]
    table["acd"] = [
        average_cosine_distance(directions[wells_of]) if len(wells_of) > 1 else np.nan
        for wells_of in members
    ]
    tested = _test_replicates(wells, members, table["acd"].to_numpy(), directions, null_draws, rng)
    means = np.stack([directions[wells_of].mean(axis=0) for wells_of in members])
    return table.join(tested), unit_rows(means)


def _test_replicates(
    wells: pd.DataFrame,
    members: list[np.ndarray],
    acd: np.ndarray,
    directions: np.ndarray,
    null_draws: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return p_value of each experiment, and no_p_value: why it has none."""
    plates, drugs = (pd.factorize(wells[name])[0] for name in ("plate", "drug"))
    count = np.array([len(wells_of) for wells_of in members])
    apart = count == [len(np.unique(plates[wells_of])) for wells_of in members]
    values = np.full(len(members), np.nan)
    why = np.where(count > 1, HAS_P_VALUE, NO_REPLICATES).astype(object)
    cosine = directions @ directions.T
    for replicates in np.unique(count[apart & (count > 1)]):
        same = np.flatnonzero(apart & (count == replicates))
        sets = [members[position] for position in same]
        null = null_distances(cosine, plates, drugs, sets, null_draws, rng)
        if null is None:
            why[same] = FEW_DRUGS
        else:
            values[same] = p_value(acd[same], null)
    within = WithinPlates(plates, drugs, wells[["row", "column"]].to_numpy())
    for position in np.flatnonzero(~apart):
        why[position] = within.why_none(members[position])
        if why[position] == HAS_P_VALUE:
            null = distances_of(cosine, within.draw(members[position], null_draws, rng))
            values[position] = p_value(acd[position] + ROUNDING, null)
    return pd.DataFrame({"p_value": values, "no_p_value": why})
