"""How good is a plate, and how much of its signatures do all its wells share?"""

import numpy as np
import pandas as pd

from lacuna.signatures.signature_set import EXPERIMENT

SIGNIFICANT = 0.1  # Hodos et al. 2018 call an experiment consistent if its p-value is at most this


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
