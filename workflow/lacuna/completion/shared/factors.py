"""Factors of drugs that each cell decodes in its own way, fitted by expectation maximisation.

Probabilistic principal components of the drugs' unfolding, with missing values: Tipping and Bishop
1999, JRSS B 61:611, https://doi.org/10.1111/1467-9868.00196; Ilin and Raiko 2010, JMLR 11:1957,
https://jmlr.org/papers/v11/ilin10a.html. The scores y of drug d in cell c are

    y = W_c' z_d + noise,    z_d ~ N(0, I),    W_c ~ N(W, noise / penalty),

with z_d the drug's factors, W_c the cell's decoder, W the mean decoder, and noise of one variance.
Two ridge regressions alternate: one reads the factors of each drug from its profiles, given the
decoders,

    S_d = (I + sum over its cells of W_c W_c' / noise)^-1,
    z_d = S_d sum over its cells of W_c y / noise;

the other fits each decoder to the cell's drugs, given their factors and how unsure these are,

    V_c = (sum over its drugs of (z_d z_d' + S_d) + penalty I)^-1,
    W_c = V_c (sum over its drugs of z_d y' + penalty W).

W is the mean of the decoders of all cells with profiles.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by, slices

ITERATIONS = 30  # of both regressions
LEAST_NOISE = 1e-6  # variance of the noise, as a share of that of the scores
LEAST_VALUE = 1e-6  # of the eigenvalues of the drugs' products, as a share of the largest
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True)
class Factors:
    """What was fitted; rank is the number of factors of each drug.

    Attributes
    ----------
    drug : array of shape (drugs, rank)
        z: zeros where a drug has no profile.
    drug_covariance : array of shape (drugs, rank, rank)
        S: how unsure they are.
    decoder : array of shape (cells, rank, components)
        W_c: the mean decoder where a cell has no profile.
    decoder_covariance : array of shape (cells, rank, rank)
        V: how unsure each column of the decoder is, in units of the noise.
    noise : float
        Variance of an entry of the scores.
    """

    drug: np.ndarray
    drug_covariance: np.ndarray
    decoder: np.ndarray
    decoder_covariance: np.ndarray
    noise: float

    def predict(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of (drug, cell) pairs, and their variance summed over components.

        The variance is that of the true scores, without the noise of a measurement:
        trace W_c' S_d W_c + components x noise x z_d' V_c z_d.
        """
        components = self.decoder.shape[2]
        scores, variance = np.empty((len(pairs), components)), np.empty(len(pairs))
        spread = self.decoder @ self.decoder.transpose(0, 2, 1)
        for rows in slices(len(pairs), PAIRS_AT_ONCE):
            drug, cell = pairs[rows].T
            z = self.drug[drug]
            scores[rows] = np.einsum("nk,nkq->nq", z, self.decoder[cell])
            of_drug = (self.drug_covariance[drug] * spread[cell]).sum(axis=(1, 2))
            of_cell = np.einsum("nk,nkl,nl->n", z, self.decoder_covariance[cell], z)
            variance[rows] = of_drug + components * self.noise * of_cell
        return scores, variance


class Places:
    """Where the profiles are: what both regressions sum over."""

    def __init__(self, observed: ProfileSet):
        self.pairs, self.drug = observed.pairs, observed.drug
        self.measured = observed.measured.astype(float)
        self.rows_of_cell = [
            np.flatnonzero(observed.cell == cell) for cell in range(len(observed.cells))
        ]


def first_factors(scores: np.ndarray, places: Places, rank: int) -> np.ndarray:
    """Return what the fit starts from: the leading left singular vectors of the unfolding.

    Of the matrix drugs x (cells and components), unknown profiles 0.

    Parameters
    ----------
    scores : array of shape (n, components)
    places
        Of the scores.
    rank
        How many are wanted.

    Returns
    -------
    array of shape (drugs, at most rank), leading ones first
        Of unit mean square over the drugs with profiles; 0 for others. Fewer than were wanted where
        the matrix has no more.
    """
    products = np.zeros((len(places.measured),) * 2)
    for rows in places.rows_of_cell:
        drug = places.drug[rows]
        products[np.ix_(drug, drug)] += scores[rows] @ scores[rows].T
    seen = np.flatnonzero(places.measured.any(axis=1))
    last = len(seen) - 1
    values, vectors = eigh(
        products[np.ix_(seen, seen)], subset_by_index=(max(last - rank + 1, 0), last)
    )
    kept = np.flatnonzero(values > LEAST_VALUE * values[-1])[::-1]
    factors = np.zeros((len(products), len(kept)))
    factors[seen] = np.sqrt(len(seen)) * vectors[:, kept]
    return factors


def fit_factors(scores: np.ndarray, places: Places, first: np.ndarray, penalty: float) -> Factors:
    """Alternate between the factors of the drugs and the decoders of the cells.

    Parameters
    ----------
    scores : array of shape (n, components)
    places
        Of the scores.
    first : array of shape (drugs, rank)
        The factors to start from.
    penalty
        More than 0: as how many drugs of unit factors the mean decoder counts in each cell.
    """
    drugs, rank = first.shape
    factor, covariance = first, np.zeros((drugs, rank, rank))
    least = LEAST_NOISE * (scores**2).mean() + np.finfo(float).tiny
    for _ in range(ITERATIONS):
        decoder, uncertainty = fit_decoders(scores, places, factor, covariance, penalty)
        noise = max(noise_variance(scores, places, factor, covariance, decoder), least)
        factor, covariance = read_drugs(scores, places, decoder, noise)
    return Factors(factor, covariance, decoder, uncertainty, noise)


def read_drugs(
    scores: np.ndarray, places: Places, decoder: np.ndarray, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return z, shape (drugs, rank), and S, shape (drugs, rank, rank), see the module."""
    drugs, (cells, rank, _) = len(places.measured), decoder.shape
    read = np.empty((len(scores), rank))
    for rows, of_cell in zip(places.rows_of_cell, decoder, strict=True):
        read[rows] = scores[rows] @ of_cell.T
    spread = (decoder @ decoder.transpose(0, 2, 1)).reshape(cells, rank * rank)
    precision = (places.measured @ spread).reshape(drugs, rank, rank) / noise + np.eye(rank)
    covariance = np.linalg.inv(precision)
    mean, size = mean_by(places.drug, drugs, read)
    summed = mean * size[:, None] / noise
    return (covariance @ summed[:, :, None])[:, :, 0], covariance


def fit_decoders(
    scores: np.ndarray,
    places: Places,
    factor: np.ndarray,
    covariance: np.ndarray,
    penalty: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return all W_c, shape (cells, rank, components), and V_c, shape (cells, rank, rank).

    That W is the mean of all W_c of cells with profiles means that the sum of W_c - W is 0. With
    B_c the first sum in V_c and C_c that in W_c, it is the sum of V_c (C_c - B_c W).
    """
    drugs, rank = factor.shape
    cells, components = len(places.rows_of_cell), scores.shape[1]
    squares = (places.measured.T @ covariance.reshape(drugs, rank * rank)).reshape(
        cells, rank, rank
    )
    products = np.zeros((cells, rank, components))
    for cell, rows in enumerate(places.rows_of_cell):
        of_drugs = factor[places.drug[rows]]
        squares[cell] += of_drugs.T @ of_drugs
        products[cell] = of_drugs.T @ scores[rows]
    uncertainty = np.linalg.inv(squares + penalty * np.eye(rank))
    mean = np.linalg.solve(
        (uncertainty @ squares).sum(axis=0), (uncertainty @ products).sum(axis=0)
    )
    return uncertainty @ (products + penalty * mean), uncertainty


def noise_variance(
    scores: np.ndarray,
    places: Places,
    factor: np.ndarray,
    covariance: np.ndarray,
    decoder: np.ndarray,
) -> float:
    """Return the mean of (y - W_c' z_d)^2 over all entries, as expected under S_d."""
    total = 0.0
    for rows, of_cell in zip(places.rows_of_cell, decoder, strict=True):
        drug = places.drug[rows]
        total += ((scores[rows] - factor[drug] @ of_cell) ** 2).sum()
        total += (covariance[drug].sum(axis=0) * (of_cell @ of_cell.T)).sum()
    return total / scores.size
