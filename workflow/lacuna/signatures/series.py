"""A series in one pass over its matrix: signatures, the quality of plates, baseline expression."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lacuna.io.gctx import Gctx
from lacuna.io.match import Matched
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.signatures.baseline import average_plates, average_vehicles
from lacuna.signatures.left_out import drugs_left_out
from lacuna.signatures.make import (
    Plate,
    Progress,
    average_replicates,
    check_any_left,
    count_wells,
    directions_of,
    read_batches,
)
from lacuna.signatures.plate_quality import plate_quality
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.signature_set import EXPERIMENT, SignatureSet
from lacuna.signatures.values import CANCELLED, NO_DIRECTION
from lacuna.vectors import mean_by


class Made(NamedTuple):
    """What is made of one batch.

    Attributes
    ----------
    signatures : SignatureSet or None
        The mean of the replicates' Characteristic Directions, scaled to unit length, of each
        experiment; None where the batch has no compound well.
    quality : list of DataFrame
        What `plate_quality` says under each reference, with the batch and the reference.
    vehicles : list of (str, str, array of shape (genes,))
        Cell, plate and mean expression of the vehicle wells of each plate.
    """

    signatures: SignatureSet | None
    quality: list[pd.DataFrame]
    vehicles: list[tuple[str, str, np.ndarray]]


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
    unfit: dict[str, str] | None = None,
) -> Iterator[Made]:
    """Make a signature of every experiment of a Level 3 matrix, batch by batch, and assess plates.

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
        What treated wells are compared with, see `lacuna.signatures.reference`. Plates are assessed
        under every reference.
    null_draws
        Random replicate sets per batch and replicate count.
    seed
        The run's seed.
    progress
        Wraps the loop over batches, for example `tqdm.tqdm`.
    unfit
        Takes the wells that are left out for their values, and why: see
        `lacuna.signatures.values`.

    Yields
    ------
    Made
        Of one batch. Only its own wells are in memory, however many the matrix has.

    Raises
    ------
    LacunaError
        If no compound well is left, the matrix cannot be read, or many of its values are no log2
        expression.
    """
    genes = np.array(list(genes))
    unfit = {} if unfit is None else unfit
    for batch, plates in read_batches(matrix, wells, genes, progress, unfit):
        made = _make_batch(batch, plates, genes, gamma, reference, null_draws, seed, unfit)
        yield Made(*made, list(average_vehicles(plates)))
    check_any_left(matrix, mark_unfit(wells, unfit))


def mark_unfit(wells: pd.DataFrame, unfit: Mapping[str, str]) -> pd.DataFrame:
    """Add why wells are left out for their values, for `lacuna.signatures.make.sort_wells`."""
    return wells.assign(unfit=wells["well"].map(unfit)) if unfit else wells


def _make_batch(
    batch: str,
    plates: list[Plate],
    genes: np.ndarray,
    gamma: float,
    reference: str,
    null_draws: int,
    seed: int,
    unfit: dict[str, str],
) -> tuple[SignatureSet | None, list[pd.DataFrame]]:
    found = directions_of(plates, gamma, REFERENCES)
    if found is None:
        return None, []
    treated, directions = _with_direction(*found, reference, unfit)
    if treated.empty:
        return None, []
    averaged = {
        # Under each reference the same draws.
        each: average_replicates(treated, rows, null_draws, generator(seed, "consistency", batch))
        for each, rows in directions.items()
    }
    quality = []
    for each, (table, _) in averaged.items():
        keyed = treated.merge(table[[*EXPERIMENT, "p_value"]], on=EXPERIMENT, how="left")
        assessed = plate_quality(keyed, directions[each])
        quality.append(assessed.assign(batch=batch, reference=each))
    return SignatureSet(*averaged[reference], genes), quality


def _with_direction(
    treated: pd.DataFrame, directions: dict[str, np.ndarray], reference: str, unfit: dict[str, str]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Leave out wells, and experiments, that have no direction against the reference."""
    flat = np.asarray(~directions[reference].any(axis=1))
    experiment = treated.groupby(EXPERIMENT, dropna=False).ngroup().to_numpy()
    means = mean_by(experiment, experiment.max() + 1, directions[reference])[0]
    cancelled = np.asarray(~means.any(axis=1))[experiment] & ~flat
    for wells, why in ((flat, NO_DIRECTION), (cancelled, CANCELLED)):
        unfit.update(dict.fromkeys(treated.loc[wells, "well"], why))
    kept = ~(flat | cancelled)
    if kept.all():
        return treated, directions
    rows = {each: of_reference[kept] for each, of_reference in directions.items()}
    return treated[kept].reset_index(drop=True), rows


def write_series(
    matrix: Gctx,
    found: Matched,
    series: str,
    output: Mapping[str, str],
    **settings: Any,
) -> None:
    """Write all that a Level 3 series says, reading its matrix once.

    Parameters
    ----------
    matrix
        The open Level 3 matrix.
    found
        What it and its tables have in common.
    series
        Its name, for the table of plates.
    output
        Paths: signatures, wells, left_out, plates, baseline.
    **settings
        As in `make_signatures`.
    """
    quality: list[pd.DataFrame] = []
    vehicles: list[tuple[str, str, np.ndarray]] = []

    unfit: dict[str, str] = {}

    def signatures() -> Iterator[SignatureSet]:
        for made in make_signatures(matrix, found.table, found.genes, unfit=unfit, **settings):
            quality.extend(made.quality)
            vehicles.extend(made.vehicles)
            if made.signatures is not None:
                yield made.signatures

    SignatureSet.save(output["signatures"], signatures())
    plates = pd.concat(quality, ignore_index=True)
    plates.insert(0, "series", series)
    write_table(plates, output["plates"])
    write_table(average_plates(vehicles, found.genes), output["baseline"])
    wells = mark_unfit(found.table, unfit)
    for why, count in pd.Series(unfit, dtype=object).value_counts().items():
        print(f"{count:,} wells {why}")
    write_table(found.add_left_out(count_wells(wells)), output["wells"])
    write_table(drugs_left_out(wells), output["left_out"])
