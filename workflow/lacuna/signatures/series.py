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
    count_wells,
    directions_of,
    read_batches,
)
from lacuna.signatures.plate_quality import plate_quality
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.signature_set import EXPERIMENT, SignatureSet


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

    Yields
    ------
    Made
        Of one batch. Only its own wells are in memory, however many the matrix has.

    Raises
    ------
    LacunaError
        If no compound well is left, or the matrix cannot be read.
    """
    genes = np.array(list(genes))
    for batch, plates in read_batches(matrix, wells, genes, progress):
        made = _make_batch(batch, plates, genes, gamma, reference, null_draws, seed)
        yield Made(*made, list(average_vehicles(plates)))


def _make_batch(
    batch: str,
    plates: list[Plate],
    genes: np.ndarray,
    gamma: float,
    reference: str,
    null_draws: int,
    seed: int,
) -> tuple[SignatureSet | None, list[pd.DataFrame]]:
    found = directions_of(plates, gamma, REFERENCES)
    if found is None:
        return None, []
    treated, directions = found
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

    def signatures() -> Iterator[SignatureSet]:
        for made in make_signatures(matrix, found.table, found.genes, **settings):
            quality.extend(made.quality)
            vehicles.extend(made.vehicles)
            if made.signatures is not None:
                yield made.signatures

    SignatureSet.save(output["signatures"], signatures())
    plates = pd.concat(quality, ignore_index=True)
    plates.insert(0, "series", series)
    write_table(plates, output["plates"])
    write_table(average_plates(vehicles, found.genes), output["baseline"])
    write_table(found.add_left_out(count_wells(found.table)), output["wells"])
    write_table(drugs_left_out(found.table), output["left_out"])
