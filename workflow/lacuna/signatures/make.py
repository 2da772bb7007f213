"""From wells to signatures: one unit profile per experiment, with its consistency.

An experiment is a drug at a dose and time in a cell line, within one batch; its replicates are
the wells of the batch's plates that got that treatment.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.core.groupby import DataFrameGroupBy

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.sig_info import COMPOUND
from lacuna.runtime.seeds import generator
from lacuna.signatures.characteristic_direction import (
    FEWEST_VEHICLE_WELLS,
    characteristic_directions,
)
from lacuna.signatures.consistency import average_cosine_distance, null_distances, p_value
from lacuna.signatures.signature_set import EXPERIMENT, SignatureSet
from lacuna.vectors import unit_rows

VEHICLE = "ctl_vehicle"
Progress = Callable[[Iterable[Any]], Iterable[Any]]  # wraps a loop, as tqdm.tqdm does


def sort_wells(wells: pd.DataFrame) -> pd.Series:
    """Return the use of each well: vehicle, compound, or the reason why it is left out.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them.
    """
    vehicles = wells["kind"].eq(VEHICLE).groupby(wells["plate"]).transform("sum")
    use = pd.Series("left out: neither compound nor vehicle", index=wells.index)
    use[wells["kind"].eq(COMPOUND)] = "compound"
    use[wells["kind"].eq(COMPOUND) & wells["unknown_dose"]] = "left out: dose in an unknown unit"
    use[wells["kind"].eq(VEHICLE)] = "vehicle"
    too_few = vehicles < FEWEST_VEHICLE_WELLS
    use[too_few] = f"left out: plate with fewer than {FEWEST_VEHICLE_WELLS} vehicle wells"
    return use


def count_wells(wells: pd.DataFrame) -> pd.DataFrame:
    """Count wells and plates by use; the wells add up to all of the series.

    Returns
    -------
    DataFrame with columns use, wells, plates
    """
    grouped = wells.groupby(sort_wells(wells).rename("use"))
    return grouped.agg(wells=("well", "size"), plates=("plate", "nunique")).reset_index()


def make_signatures(
    matrix: Gctx,
    wells: pd.DataFrame,
    genes: Iterable[str],
    *,
    gamma: float,
    reference: str,
    null_draws: int,
    seed: int,
    progress: Progress = iter,
) -> Iterator[SignatureSet]:
    """Make a signature of every experiment of a Level 3 matrix, batch by batch.

    The signature is the mean of the replicates' Characteristic Directions, scaled to unit length.

    Parameters
    ----------
    matrix
        The open Level 3 matrix.
    wells
        As `lacuna.io.geo.read_wells` returns them.
    genes
        Ids of the landmark genes.
    gamma
        Weight of the vehicle covariance, see `characteristic_directions`.
    reference
        What treated wells are compared with, see `lacuna.signatures.reference`.
    null_draws
        Random replicate sets per batch and replicate count.
    seed
        The run's seed.
    progress
        Wraps the loop over batches, for example `tqdm.tqdm`.

    Yields
    ------
    SignatureSet
        Of one batch. Only its own wells are in memory, however many the matrix has.

    Raises
    ------
    LacunaError
        If no compound well is left, or the matrix cannot be read.
    """
    genes = np.array(list(genes))
    for batch, batch_wells in progress(usable_batches(wells, matrix.path)):
        treated, directions = directions_of_batch(matrix, batch_wells, genes, gamma, (reference,))
        if len(treated):
            rng = generator(seed, "consistency", batch)
            yield SignatureSet(
                *average_replicates(treated, directions[reference], null_draws, rng), genes
            )


def usable_batches(wells: pd.DataFrame, source: Path) -> DataFrameGroupBy:
    """Return the compound and vehicle wells by batch, with their use.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them.
    source
        The matrix, for the message.

    Raises
    ------
    LacunaError
        If no compound well is left.
    """
    use = sort_wells(wells)
    if not use.eq("compound").any():
        raise LacunaError(
            f"{source}: no compound well (pert_type {COMPOUND}) lies on a plate with at least "
            f"{FEWEST_VEHICLE_WELLS} vehicle wells (pert_type {VEHICLE}); no signature can be made."
        )
    # Sorted by name, so that random draws do not depend on the order of inst_info.
    usable = wells.assign(use=use)[use.isin(["compound", "vehicle"])].sort_values("well")
    return usable.groupby("batch")


def directions_of_batch(
    matrix: Gctx,
    wells: pd.DataFrame,
    genes: np.ndarray,
    gamma: float,
    references: Iterable[str],
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Return the compound wells of a batch and their Characteristic Directions.

    Returns
    -------
    DataFrame
        The compound wells, plate by plate, with the number of vehicle wells of their plate.
    dict of float32 arrays of shape (wells, genes)
        Their directions, against each reference.
    """
    treated = [wells.iloc[:0].assign(vehicle_wells=0)]
    directions = {reference: [np.empty((0, len(genes)), np.float32)] for reference in references}
    for _, plate in wells.groupby("plate"):
        is_vehicle = plate["use"].eq("vehicle").to_numpy()
        if is_vehicle.all():
            continue
        expression = matrix.read(genes, plate["well"])
        treated.append(plate[~is_vehicle].assign(vehicle_wells=is_vehicle.sum()))
        for reference, of_plates in directions.items():
            of_plates.append(
                characteristic_directions(
                    expression[~is_vehicle], expression[is_vehicle], gamma, reference
                )
            )
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
    replicated = table["replicates"] > 1
    table["acd"] = [
        average_cosine_distance(directions[wells_of]) if len(wells_of) > 1 else np.nan
        for wells_of in members
    ]
    table["p_value"] = np.nan
    plates, drugs = (pd.factorize(wells[name])[0] for name in ("plate", "drug"))
    cosine = directions @ directions.T
    for count in sorted(table.loc[replicated, "replicates"].unique()):
        same = table.index[table["replicates"] == count]
        sets = [members[position] for position in same]
        null = null_distances(cosine, plates, drugs, sets, null_draws, rng)
        if null is not None:
            table.loc[same, "p_value"] = p_value(table.loc[same, "acd"], null)
    means = np.stack([directions[wells_of].mean(axis=0) for wells_of in members])
    return table, unit_rows(means)
