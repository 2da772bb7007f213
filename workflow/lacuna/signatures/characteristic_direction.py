"""The Characteristic Direction of a treated well.

Linear discriminant analysis finds the direction that best separates the treated well from the
vehicle wells of its plate:

    b = S^-1 (treated - reference), scaled to unit length
    S = gamma Sigma + (1 - gamma) s2 I

Sigma is the covariance of the vehicle wells (one treated well adds nothing to the pooled
within-class covariance), s2 the mean of its diagonal, and the reference by default their mean.

Source: Clark et al. 2014, BMC Bioinformatics 15:79, doi:10.1186/1471-2105-15-79.
"""

from collections.abc import Callable

import numpy as np

from lacuna.signatures.reference import reference_profile
from lacuna.vectors import unit_rows

FEWEST_VEHICLE_WELLS = 2


def characteristic_directions(
    treated: np.ndarray, vehicle: np.ndarray, gamma: float, reference: str = "vehicle"
) -> np.ndarray:
    """Return the Characteristic Direction of every treated well of one plate.

    Parameters
    ----------
    treated : array of shape (wells, genes)
        Level 3 expression, log2.
    vehicle : array of shape (at least 2 wells, genes)
        Level 3 expression of the same plate's vehicle wells.
    gamma
        Weight of the vehicle covariance, in (0, 1]. At 1, where the covariance of fewer wells
        than genes has no inverse, the limit is taken: what varies between vehicle wells is
        removed altogether.
    reference
        What is taken from the treated wells, see `lacuna.signatures.reference`; the covariance is
        always that of the vehicle wells about their own mean.

    Returns
    -------
    float32 array of shape (wells, genes)
        Rows of unit length; a well equal to the reference has no direction and gives zeros.
    """
    direct = direction_from(vehicle, gamma)
    return direct(treated - reference_profile(treated, vehicle, reference))


def direction_from(vehicle: np.ndarray, gamma: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns differences from a reference into Characteristic Directions.

    Parameters
    ----------
    vehicle, gamma
        As in `characteristic_directions`.

    Notes
    -----
    S is s2 (1 - gamma) I plus a matrix of rank below the number of vehicle wells, so its inverse
    follows from the vehicle wells' singular vectors (Woodbury), once for all wells of the plate and
    for all references.
    """
    vehicle = np.asarray(vehicle, dtype=np.float64)
    _, singular, axes = np.linalg.svd(vehicle - vehicle.mean(axis=0), full_matrices=False)
    variance = singular**2 / (len(vehicle) - 1)
    rounding = np.finfo(float).eps * len(vehicle) * np.linalg.norm(vehicle)
    variance, axes = variance[singular > rounding], axes[singular > rounding]
    isotropic = variance.sum() / vehicle.shape[1]
    shrunk = gamma * variance + (1 - gamma) * isotropic

    def direct(difference: np.ndarray) -> np.ndarray:
        along = difference @ axes.T
        if len(variance) == vehicle.shape[1]:
            direction = (along / shrunk) @ axes
        else:
            direction = difference - (along * (gamma * variance / shrunk)) @ axes
        return unit_rows(direction).astype(np.float32)

    return direct
