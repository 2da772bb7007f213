"""What scores random and real queries give, against which a query's scores are judged.

When an index is built, sets of random genes and sets of the most changed genes of measured profiles
are asked of a sample of profiles, stratified by cell and source. Kept are quantiles: of |score|
over random queries by source, from which p-values come, and of |NCS| over real queries by cell and
source, from which tau comes. Between the sizes of set that were tried, all is interpolated over the
logarithm of the size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.explore.index import NULL_COLUMNS
from lacuna.explore.scores import connect, enrichment, normalise, signed_set, usual_levels
from lacuna.vectors import unit_rows

WEIGHTED, COSINE = "weighted", "cosine"
SCORES = (WEIGHTED, COSINE)
# A query of both sets, of one, or of values of all genes.
BOTH, ONE, WHOLE = "both", "one", "whole"
QUERIES = 1000  # random ones, and real ones where as many profiles are measured
SIZES = (1, 2, 4, 10, 40, 150)  # genes of a set; by chance small ones score far higher
LEAST_OTHERS = 4  # times as many genes there are as a set has
JUDGED = 1000  # profiles that real queries are asked of
FEW = 300  # those that random ones are
SURVIVAL = np.concatenate([np.linspace(1, 0.02, 99), np.geomspace(0.02, 1e-5, 34)[1:], [0]])


@dataclass(frozen=True)
class Sample:
    """Profiles to judge by, which are filled in while the index is written.

    Attributes
    ----------
    judged, stratum : int arrays of shape (judged,)
        Positions of profiles, the first ones spread over all strata as all are; 2 cell + predicted
        of each.
    queries : int array of shape (queries,)
        Positions of measured profiles.
    strata
        How many there are.
    """

    judged: np.ndarray
    stratum: np.ndarray
    queries: np.ndarray
    strata: int
    blocks: list[tuple[np.ndarray, ...]]

    def take(self, rows: slice, units: np.ndarray, ranks: np.ndarray) -> None:
        """Keep what the sample has of a block of profiles, (profiles, genes)."""
        slots, taken = [], []
        for wanted in (self.judged, self.queries):
            slot = np.flatnonzero((wanted >= rows.start) & (wanted < rows.stop))
            slots.append(slot)
            taken.append(wanted[slot] - rows.start)
        self.blocks.append((*slots, units[taken[0]], ranks[taken[0]], units[taken[1]]))

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return units and ranks of the judged, (genes, judged), and the queries' profiles."""
        judged, queries, *rows = (np.concatenate(part) for part in zip(*self.blocks, strict=True))
        units, ranks, asked = rows
        order = np.argsort(judged)
        return (
            np.ascontiguousarray(units[order].T),
            np.ascontiguousarray(ranks[order].T),
            asked[np.argsort(queries)],
        )


def draw_sample(predicted: np.ndarray, cells: int, rng: np.random.Generator) -> Sample:
    """Draw the profiles to judge by, as many of each cell and source as there are, and queries.

    Parameters
    ----------
    predicted : bool array of shape (profiles,)
        By drug, then cell.
    cells
        How many there are.
    rng
        Draws.
    """
    stratum = 2 * (np.arange(len(predicted)) % cells) + predicted
    order = rng.permutation(len(predicted))
    number = pd.Series(stratum[order]).groupby(stratum[order]).cumcount().to_numpy()
    judged = order[np.argsort(number, kind="stable")[:JUDGED]]
    queries = rng.permutation(np.flatnonzero(~predicted))[:QUERIES]
    return Sample(judged, stratum[judged], queries, 2 * cells, [])


def sizes_of(genes: int) -> list[int]:
    """Return the sizes of set that are tried: up to the one that leaves most of the genes out."""
    most = max(min(genes // LEAST_OTHERS, SIZES[-1]), 1)
    return [*(size for size in SIZES if size < most), most]


class Asked(NamedTuple):
    """Scores of queries of one form and size, shape (queries, profiles)."""

    score: str
    form: str
    size: int
    scores: np.ndarray


def draw_reference(
    sample: Sample, rng: np.random.Generator
) -> dict[str, np.ndarray | pd.DataFrame]:
    """Ask random and real queries of the sample.

    Parameters
    ----------
    sample
        Filled.
    rng
        Draws random genes.

    Returns
    -------
    dict
        null: score, form, size, random_measured, random_predicted (how many scores of random
        queries), real (how many real queries), one row per kind of query; null_survival (points,);
        of each row null_random (rows, 2, points), |score| of random queries that is exceeded with
        these probabilities, measured and predicted; null_real (rows, strata, points), the same of
        |NCS| of real queries; null_levels (rows, 2, strata), see `usual_levels`.
    """
    units, ranks, asked = sample.arrays()
    genes = len(units)
    few = slice(0, FEW)
    order = rng.random((QUERIES, genes)).argsort(axis=1)
    shuffled = rng.permuted(asked[rng.integers(len(asked), size=QUERIES)], axis=1)
    by_value = np.argsort(-asked, axis=1, kind="stable")
    own = sample.queries[:, None] == sample.judged  # a profile's query of itself says nothing
    random = ask(units[:, few], ranks[:, few], order, shuffled)
    real = ask(units, ranks, by_value, asked)
    rows, parts = [], []
    predicted = sample.stratum[few] % 2
    for by_chance, found in zip(random, real, strict=True):
        assert by_chance[:3] == found[:3]
        scores = np.where(own, np.nan, found.scores)
        levels = usual_levels(scores, sample.stratum, sample.strata)
        ncs = normalise(scores, sample.stratum, levels)
        of_source = [by_chance.scores[:, predicted == source] for source in (0, 1)]
        parts.append(
            (
                np.stack([exceeded(part) for part in of_source]),
                np.stack([exceeded(ncs[:, sample.stratum == g]) for g in range(sample.strata)]),
                levels.astype(np.float32),
            )
        )
        rows.append((*found[:3], *(part.size for part in of_source), len(asked)))
    arrays = (np.stack(part) for part in zip(*parts, strict=True))
    return {
        "null": pd.DataFrame(rows, columns=NULL_COLUMNS),
        "null_survival": SURVIVAL,
        **dict(zip(["null_random", "null_real", "null_levels"], arrays, strict=True)),
    }


def ask(
    units: np.ndarray, ranks: np.ndarray, order: np.ndarray, whole: np.ndarray
) -> Iterator[Asked]:
    """Ask queries of profiles, by both scores, in every form and size.

    Parameters
    ----------
    units, ranks : arrays of shape (genes, profiles)
    order : int array of shape (queries, genes)
        Genes of each query from the most raised to the most lowered.
    whole : float32 array of shape (queries, genes)
        Values of all genes, of unit length.
    """
    genes, shape = len(units), (len(order), units.shape[1])
    for size in sizes_of(genes):
        up, down = order[:, :size], order[:, ::-1][:, :size]
        both, one = np.empty((2, *shape), np.float32)
        for query in range(len(order)):
            one[query] = enrichment(units, ranks, up[query])
            both[query] = connect(one[query], enrichment(units, ranks, down[query]))
        yield Asked(WEIGHTED, BOTH, size, both)
        yield Asked(WEIGHTED, ONE, size, one)
        for form, downs in ((BOTH, down), (ONE, down[:, :0])):
            vectors = [signed_set(genes, *sets) for sets in zip(up, downs, strict=True)]
            yield Asked(COSINE, form, size, np.stack(vectors) @ units)
    yield Asked(COSINE, WHOLE, genes, unit_rows(whole) @ units)


def exceeded(scores: np.ndarray) -> np.ndarray:
    """Return the |scores| that are exceeded with the probabilities `SURVIVAL`; NaN without any."""
    known = np.abs(scores[~np.isnan(scores)])
    if not known.size:
        return np.full(len(SURVIVAL), np.nan, np.float32)
    return np.quantile(known, 1 - SURVIVAL).astype(np.float32)


@dataclass(frozen=True)
class Reference:
    """What queries of one kind and size give: that of a row of `null`, or between two of them.

    Attributes
    ----------
    random : array of shape (2, points)
    real : array of shape (strata, points)
    levels : array of shape (2, strata)
    counts : int array of shape (2,)
        Scores of random queries, of measured and of predicted profiles.
    """

    random: np.ndarray
    real: np.ndarray
    levels: np.ndarray
    counts: np.ndarray
    survival: np.ndarray

    def p_values(self, scores: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the share of random queries whose |score| is as high; never 0.

        Parameters
        ----------
        scores : array of shape (profiles,)
        predicted : bool array of shape (profiles,)
        """
        found = np.ones(len(scores))
        for source, quantiles in enumerate(self.random):
            rows = np.flatnonzero((predicted == source) & (scores != 0))
            smallest = 1 / (self.counts[source] + 1)
            at_least = np.maximum(self.survival, smallest)
            found[rows] = np.exp(_reached(np.abs(scores[rows]), quantiles, np.log(at_least)))
        return found

    def tau(self, ncs: np.ndarray, stratum: np.ndarray) -> np.ndarray:
        """Return the percentage of real queries whose |NCS| is lower, with the sign of the NCS.

        Parameters
        ----------
        ncs : array of shape (profiles,)
        stratum : int array of shape (profiles,)

        Returns
        -------
        float array of shape (profiles,)
            Between -100 and 100; NaN where no real query was asked of such profiles.
        """
        found = np.zeros(len(ncs))
        for rows in pd.Series(stratum).groupby(stratum).indices.values():
            quantiles = self.real[stratum[rows[0]]]
            found[rows] = 100 - 100 * _reached(np.abs(ncs[rows]), quantiles, self.survival)
        return np.where(ncs == 0, 0, np.sign(ncs) * found)


def _reached(scores: np.ndarray, quantiles: np.ndarray, survival: np.ndarray) -> np.ndarray:
    """Return how often scores are reached; of equal quantiles, as of sets of one gene, all are."""
    distinct, first = np.unique(quantiles, return_index=True)
    return np.interp(scores, distinct, survival[first])


def reference_of(
    null: dict[str, np.ndarray | pd.DataFrame], score: str, form: str, size: float
) -> Reference:
    """Return what queries of a kind give, interpolated between the sizes of set that were tried.

    Parameters
    ----------
    null
        As `draw_reference` returns it.
    score, form
        Of `SCORES`, and of `BOTH`, `ONE` and `WHOLE`.
    size
        Genes of a set; beyond the sizes that were tried, the nearest one counts.
    """
    table = pd.DataFrame(null["null"])
    rows = np.flatnonzero(table["score"].eq(score) & table["form"].eq(form))
    sizes = np.log(table["size"].to_numpy()[rows])
    place = np.interp(np.log(size), sizes, np.arange(len(rows)))
    below, above = rows[int(place)], rows[min(int(place) + 1, len(rows) - 1)]
    share = place - int(place)
    random, real, levels = (
        (1 - share) * np.asarray(null[name])[below] + share * np.asarray(null[name])[above]
        for name in ("null_random", "null_real", "null_levels")
    )
    counts = table[["random_measured", "random_predicted"]].to_numpy()[below]
    return Reference(random, real, levels, counts, np.asarray(null["null_survival"]))
