"""Oracles: what retrieval would reach, were the structure of each drug its mean profile."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lacuna.errors import LacunaError
from lacuna.retrieval.measures import Measure, blocks_of_rows, distances_between, distances_of_pairs
from lacuna.retrieval.ranks import Found, find, find_within_plates
from lacuna.vectors import mean_by


@dataclass(frozen=True)
class Oracle:
    """Queries, and the mean profiles that they are compared with.

    An oracle knows every drug's effect as it was measured: what a perfect predictor of these
    profiles could do, by plain correlation (Finlayson et al. 2021, section 3.2,
    doi:10.48550/arXiv.1911.10241).

    Attributes
    ----------
    query : int array of shape (k,)
        The positions of the queries among all profiles; others have no reference of their drug,
        and are counted out.
    asked : int
        The number of all profiles.
    library : int array of shape (m,)
        The molecules that have a reference, rising.
    truth : int array of shape (k,)
        The position in `library` of each query's molecule.
    profiles : array of shape (k, features)
    references : float64 array of shape (m, features)
        The mean profile of each molecule.
    own : float64 array of shape (k, features), optional
        The mean of the other profiles of the query's molecule: it stands in for the reference.
    measure
        How profiles are compared.
    """

    query: np.ndarray
    asked: int
    library: np.ndarray
    truth: np.ndarray
    profiles: np.ndarray
    references: np.ndarray
    own: np.ndarray | None
    measure: Measure

    def blocks(self) -> Iterator[np.ndarray]:
        """Measure from queries to references, a block of queries at a time."""
        yield np.empty((0, len(self.library)))  # where no query is left, the library still is
        for rows in blocks_of_rows(len(self.query), len(self.library)):
            block = distances_between(self.profiles[rows], self.references, self.measure)
            if self.own is not None:
                own = distances_of_pairs(self.profiles[rows], self.own[rows], self.measure)
                block[np.arange(len(block)), self.truth[rows]] = own
            yield block

    def find(self, group: np.ndarray | None = None) -> Found:
        """Rank the molecules for each query, see `lacuna.retrieval.ranks.find`.

        Parameters
        ----------
        group : array of shape (molecules,), optional
            The group of every molecule, in the library or not.
        """
        found = find(self.blocks(), self.truth, None if group is None else group[self.library])
        return found.among(self.query, self.asked)

    def find_within_plates(self, plate: np.ndarray, group: np.ndarray | None = None) -> Found:
        """Rank the molecules of each query's plate, see `ranks.find_within_plates`.

        Parameters
        ----------
        plate : array of shape (asked,)
            The plate of each profile. Molecules stand where one of the queries does.
        group
            See `find`.
        """
        groups = None if group is None else group[self.library]
        found = find_within_plates(self.blocks(), self.truth, plate[self.query], groups)
        return found.among(self.query, self.asked)


def oracle_of_test_line(
    profiles: np.ndarray,
    molecule: np.ndarray,
    measure: Measure = "correlation",
    others: np.ndarray | None = None,
) -> Oracle:
    """Compare each profile with the mean profiles of all molecules in the same line.

    The profile itself is left out of the mean of its own molecule: within, it would find itself.

    Parameters
    ----------
    profiles : array of shape (n, features)
        Of the test line: raw features of one block, or embedded.
    molecule : int array of shape (n,)
        The molecule of each.
    measure
        How profiles are compared, one measure for all of a table.
    others : array of shape (n, features), optional
        The same profiles in another block of features: means of these stand for all molecules but
        the query's own. That is a fault, see `published_oracle_of_test_line`.

    Returns
    -------
    Oracle
        A profile that is the only one of its molecule has nothing to be compared with, so is
        counted out; to other queries, the molecule is a candidate.

    Raises
    ------
    LacunaError
        If there is not one molecule of each profile, or the blocks differ in shape.
    """
    _check(profiles, molecule, "profiles")
    if others is not None and others.shape != profiles.shape:
        raise LacunaError(
            f"retrieval: oracle: blocks of shapes {profiles.shape} and {others.shape}; expected "
            "the same profiles in both, of equal width."
        )
    library, truth = np.unique(molecule, return_inverse=True)
    means, size = mean_by(truth, len(library), profiles.astype(np.float64))
    query = np.flatnonzero(size[truth] > 1)
    mine, of_mine = profiles[query], truth[query]
    count = size[of_mine][:, None]
    own = (means[of_mine] * count - mine) / np.maximum(count - 1, 1)
    references = means
    if others is not None:
        references, _ = mean_by(truth, len(library), others.astype(np.float64))
    return Oracle(query, len(molecule), library, of_mine, mine, references, own, measure)


def oracle_of_other_lines(
    profiles: np.ndarray,
    molecule: np.ndarray,
    references: np.ndarray,
    reference_molecule: np.ndarray,
    measure: Measure = "correlation",
) -> Oracle:
    """Compare each profile with the mean profiles that molecules have in other lines.

    Parameters
    ----------
    profiles : array of shape (n, features)
        Of the test line.
    molecule : int array of shape (n,)
        The molecule of each.
    references : array of shape (k, features)
        Profiles of the same molecules in training lines.
    reference_molecule : int array of shape (k,)
        The molecule of each.
    measure
        See `oracle_of_test_line`.

    Returns
    -------
    Oracle
        The library is the molecules that stand on both sides; profiles of others are counted out.

    Raises
    ------
    LacunaError
        If there is not one molecule of each profile and reference.
    """
    _check(profiles, molecule, "profiles")
    _check(references, reference_molecule, "references")
    library = np.intersect1d(molecule, reference_molecule)
    query = np.flatnonzero(np.isin(molecule, library))
    used = np.isin(reference_molecule, library)
    of_reference = np.searchsorted(library, reference_molecule[used])
    means, _ = mean_by(of_reference, len(library), references[used].astype(np.float64))
    truth = np.searchsorted(library, molecule[query])
    return Oracle(query, len(molecule), library, truth, profiles[query], means, None, measure)


def published_oracle_of_test_line(
    treated: np.ndarray, last: np.ndarray, molecule: np.ndarray
) -> Oracle:
    """Make the raw oracle of the test line as the authors' code does, not for the main table.

    It measures Euclidean distances where all else has correlations, and compares a query's treated
    block with other molecules' means of the last block (the log ratio), but with its own
    molecule's mean of the treated block: what is nearest is then most often the right one, for the
    block alone.

    Parameters
    ----------
    treated, last : arrays of shape (n, genes)
        The blocks of features.
    molecule : int array of shape (n,)
    """
    return oracle_of_test_line(treated, molecule, "euclidean", others=last)


def beyond_plate(profiles: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """Subtract from each well the mean of the wells of its plate, float64 of the same shape.

    Of treated wells this takes what the plate and the line do, and what treatments have in common:
    it tells drugs apart better than the difference from vehicle wells.
    """
    _, number = np.unique(plate, return_inverse=True)
    means, _ = mean_by(number, int(number.max(initial=-1)) + 1, profiles.astype(np.float64))
    return profiles - means[number]


def _check(profiles: np.ndarray, molecule: np.ndarray, what: str) -> None:
    if profiles.ndim != 2 or len(profiles) != len(molecule):
        raise LacunaError(
            f"retrieval: oracle: {what} of shape {profiles.shape} and {len(molecule)} molecules; "
            "expected a row and a molecule of each."
        )
