"""The reference that treated wells of a plate are compared with.

The mean of a few vehicle wells has a sampling error, which all signatures of the plate share. The
median of all wells has hardly any, but it contains the mean effect of the plate's compounds. The
shrunk reference lies between the two: the larger the sampling error, the nearer to the median.
"""

import numpy as np

REFERENCES = ("vehicle", "plate", "shrunk")


def reference_profile(treated: np.ndarray, vehicle: np.ndarray, reference: str) -> np.ndarray:
    """Return the profile that is taken from every treated well.

    Parameters
    ----------
    treated, vehicle : arrays of shape (wells, genes)
        Level 3 expression of a plate's treated and vehicle wells.
    reference
        "vehicle": the mean of the vehicle wells, as in Hodos et al. 2018. "plate": the median of
        all wells, gene by gene, as LINCS centres its Level 4. "shrunk": plate + k (vehicle -
        plate) with k = max(d2 - e2, 0) / d2, one k per plate (empirical Bayes): d2 is the mean
        squared difference between the two, e2 the squared standard error of the vehicle mean.

    Returns
    -------
    float64 array of shape (genes,)
    """
    vehicle_mean = vehicle.mean(axis=0, dtype=np.float64)
    if reference == "vehicle":
        return vehicle_mean
    population = np.median(np.concatenate([treated, vehicle]), axis=0).astype(np.float64)
    if reference == "plate":
        return population
    error = vehicle.var(axis=0, ddof=1, dtype=np.float64).mean() / len(vehicle)
    apart = np.mean((vehicle_mean - population) ** 2)
    kept = max(apart - error, 0) / apart if apart > 0 else 1.0
    return population + kept * (vehicle_mean - population)
