"""What the treated wells of a plate are compared with.

The mean of a few vehicle wells has an error, which every signature of the plate then shares. The
plate's population has none to speak of, but holds the mean effect of its compounds. Between the two
lies the vehicle mean, shrunk towards the population as far as its error suggests.
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
        plate), where k is the share of the squared difference between the two that is not error
        of the vehicle mean (empirical Bayes, one k per plate).

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
