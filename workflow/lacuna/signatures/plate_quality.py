"""How good is a plate, and how much of its signatures do all its wells share?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lacuna.io.gctx import Gctx
from lacuna.runtime.seeds import generator
from lacuna.signatures.make import (
    Progress,
    average_replicates,
    directions_of_batch,
    usable_batches,
)
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.signature_set import EXPERIMENT

SIGNIFICANT = 0.1  # Hodos et al. 2018 call an experiment consistent if its p-value is at most this


def assess_plates(
    matrix: Gctx,
    wells: pd.DataFrame,
    genes: np.ndarray,
    *,
    gamma: float,
    null_draws: int,
    seed: int,
    progress: Progress = iter,
) -> Iterator[pd.DataFrame]:
    """Assess every plate of a Level 3 matrix under every reference, batch by batch.

    Parameters
    ----------
    matrix, wells, genes, gamma, null_draws, seed, progress
        As in `lacuna.signatures.make.make_signatures`.

    Yields
    ------
    DataFrame, one row per plate and reference
        batch, reference, and what `plate_quality` returns.
    """
    for batch, batch_wells in progress(usable_batches(wells, matrix.path)):
        treated, directions = directions_of_batch(matrix, batch_wells, genes, gamma, REFERENCES)
        for reference in REFERENCES if len(treated) else ():
            rng = generator(seed, "consistency", batch)
            table, _ = average_replicates(treated, directions[reference], null_draws, rng)
            keyed = treated.merge(table[[*EXPERIMENT, "p_value"]], on=EXPERIMENT, how="left")
            quality = plate_quality(keyed, directions[reference])
            yield quality.assign(batch=batch, reference=reference)


def plate_quality(wells: pd.DataFrame, directions: np.ndarray) -> pd.DataFrame:
    """Assess the plates of one batch.

    Parameters
    ----------
    wells
        plate, vehicle_wells, drug, dose, time, cell, batch and p_value (of the well's experiment;
        NaN when it has no replicates) of every compound well.
    directions : float32 array of shape (wells, genes)
        Their Characteristic Directions.

    Returns
    -------
    DataFrame, one row per plate
        plate, vehicle_wells, compound_wells; common: mean cosine between two wells of the plate,
        the share of the signatures' variance that all its wells have in common; replicate_cosine
        and mismatch_cosine: mean cosine of the plate's wells with those of other plates of the
        batch that got the same treatment, and with those of another drug; significant: share of
        replicated wells whose experiment has p <= 0.1. NaN where there is nothing to average.
    """
    plate, plates = pd.factorize(wells["plate"])
    drug = pd.factorize(wells["drug"])[0]
    treatment = wells.groupby(EXPERIMENT, dropna=False).ngroup().to_numpy()
    cosine = directions @ directions.T
    same_plate = plate[:, None] == plate
    pairs = {
        "common": same_plate & ~np.eye(len(plate), dtype=bool),
        "replicate_cosine": ~same_plate & (treatment[:, None] == treatment),
        "mismatch_cosine": ~same_plate & (drug[:, None] != drug),
    }
    means = {
        name: _mean_by_plate((cosine * chosen).sum(axis=1), chosen.sum(axis=1), plate)
        for name, chosen in pairs.items()
    }
    replicated = wells["p_value"].notna().to_numpy()
    consistent = wells["p_value"].le(SIGNIFICANT).to_numpy()
    return pd.DataFrame(
        {
            "plate": plates,
            "vehicle_wells": wells.groupby("plate")["vehicle_wells"].first()[plates].to_numpy(),
            "compound_wells": np.bincount(plate),
            **means,
            "significant": _mean_by_plate(consistent, replicated, plate),
        }
    )


def _mean_by_plate(sums: np.ndarray, counts: np.ndarray, plate: np.ndarray) -> np.ndarray:
    total = np.bincount(plate, weights=counts)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, np.bincount(plate, weights=sums) / total, np.nan)
