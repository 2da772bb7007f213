"""The metrics of retrieval: a card for each, its chance level, and how sure its value is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from lacuna.errors import LacunaError
from lacuna.evaluation.bootstrap import (
    CONFIDENCE,
    LEAST_DRUGS,
    adjust_holm,
    bootstrap_weights,
    intervals,
)
from lacuna.retrieval.ranks import Found
from lacuna.retrieval.ties import first_hit, reciprocal_rank, share_within
from lacuna.runtime.seeds import generator

FINLAYSON = "Finlayson et al. 2021, Pac Symp Biocomput 26:273, doi:10.48550/arXiv.1911.10241"
MANNING = (
    "Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval, "
    "doi:10.1017/CBO9780511809071"
)
HERE = "defined here"
ENTRIES = 1 << 22  # weights of queries in draws that are held at a time: 32 MB
WORDS = ("retrieval", "drugs of intervals")  # the stream of draws: one for all methods
ROUNDING = 1e-9  # share of a sum of weights
DIRECTION = {"higher": 1, "lower": -1}

Average = Literal["mean", "median", "mean of drugs"]


@dataclass(frozen=True)
class Metric:
    """What is true of a metric.

    Attributes
    ----------
    name
        As tables of numbers call it.
    label
        As figures and pages call it.
    summary
        What it measures, in one sentence.
    source
        Who proposed it, with DOI.
    better
        Which values are better.
    chance
        What an order at random scores with one hit among m candidates; `chance_level` gives the
        number.
    of_query
        Takes what was found; returns a value per query, float64 of shape (k,).
    average
        How values of queries become one: as a mean, as a median, or as the mean over drugs of each
        drug's mean.
    """

    name: str
    label: str
    summary: str
    source: str
    better: Literal["higher", "lower"]
    chance: str
    of_query: Callable[[Found], np.ndarray]
    average: Average = "mean"


def _rank(found: Found) -> np.ndarray:
    return found.rank


def _rank_share(found: Found) -> np.ndarray:
    return found.rank / found.library


def _mean_rank_share(found: Found) -> np.ndarray:
    return found.mean_rank / found.library


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="median_rank",
            label="median rank",
            summary="Median over queries of the rank of the right one",
            source=FINLAYSON,
            better="lower",
            chance="(m + 1) / 2",
            of_query=_rank,
            average="median",
        ),
        Metric(
            name="median_rank_share",
            label="median rank / library size",
            summary="Median over queries of the rank of the right one over the number of "
            "candidates, so that libraries of unlike size can be pooled",
            source=HERE,
            better="lower",
            chance="(m + 1) / 2m",
            of_query=_rank_share,
            average="median",
        ),
        Metric(
            name="mean_rank_share",
            label="mean rank / library size",
            summary="Mean over queries of the rank of the right one over the number of "
            "candidates; where several are right, of the mean of their ranks",
            source=HERE,
            better="lower",
            chance="(m + 1) / 2m",
            of_query=_mean_rank_share,
        ),
        Metric(
            name="mrr",
            label="mean reciprocal rank",
            summary="Mean over queries of 1 / rank of the right one; where several are right, of "
            "the first of them",
            source=f"{MANNING}; {FINLAYSON}",
            better="higher",
            chance="(1 + 1/2 + ... + 1/m) / m",
            of_query=reciprocal_rank,
        ),
        Metric(
            name="mrr_of_drugs",
            label="mean reciprocal rank, drugs alike",
            summary="Mean over drugs of the mean reciprocal rank of each drug's queries: every "
            "drug counts once, however many wells it has",
            source=HERE,
            better="higher",
            chance="(1 + 1/2 + ... + 1/m) / m",
            of_query=reciprocal_rank,
            average="mean of drugs",
        ),
        *(
            Metric(
                name=f"hits_{places}",
                label=f"hits at {places}",
                summary=f"Share of queries with the right one among the first {places}"
                if places > 1
                else "Share of queries with the right one first",
                source=f"{MANNING}; {FINLAYSON}",
                better="higher",
                chance=f"min({places}, m) / m",
                of_query=partial(share_within, places=places),
            )
            for places in (1, 10, 100)
        ),
    )
}


def metric_label(name: str) -> str:
    """Return the label of a metric; one of tables of another version is shown as it is called."""
    return METRICS[name].label if name in METRICS else name


def metrics_table(methods: Mapping[str, Found], drug: np.ndarray, seed: int) -> pd.DataFrame:
    """Score methods on the same queries.

    Parameters
    ----------
    methods
        By method, what it found.
    drug : array of shape (asked,)
        The drug of each query: wells of a drug, and its stereo twins, are not independent.
    seed
        Of the run.

    Returns
    -------
    DataFrame with columns method, metric, value, low, high, chance, queries, left_out
        low, high: the 95 % bootstrap interval over drugs, exact for shares of 0 and 1, empty with
        fewer than `LEAST_DRUGS` drugs; chance: see `chance_level`; left_out: queries that were
        counted out. A method that ranked no query has no row.

    Raises
    ------
    LacunaError
        If there is not one drug of each query.
    """
    tables = []
    for method, found in methods.items():
        if not len(found.query):
            continue
        table = intervals(score_draws(found, drug, drug_stream(seed)))
        table.insert(0, "method", method)
        chance = [chance_level(METRICS[name], found, drug) for name in table["metric"]]
        ranked, drugs = len(found.query), len(np.unique(np.asarray(drug)[found.query]))
        table = _widen(table.assign(chance=chance), drugs)
        tables.append(table.assign(queries=ranked, left_out=found.asked - ranked))
    columns = ["method", "metric", "value", "low", "high", "chance", "queries", "left_out"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def differences(
    methods: Mapping[str, Found], reference: str, drug: np.ndarray, seed: int
) -> pd.DataFrame:
    """Say how much better one method is than each other, by the same draws of drugs.

    Parameters
    ----------
    methods, drug, seed
        See `metrics_table`. Methods should have ranked the same candidates.
    reference
        The one that is compared with all others, on the queries that both ranked.

    Returns
    -------
    DataFrame with columns metric, reference, method, value, low, high, p_holm, queries
        value: above 0 where the reference is better, whether higher or lower scores are; low, high:
        its paired 95 % interval over drugs; p_holm: two-sided, of the lead over its standard error,
        adjusted for the number of methods (Holm 1979, Scand J Stat 6:65). The last three are empty
        with fewer than `LEAST_DRUGS` drugs.

    Raises
    ------
    LacunaError
        If the reference is none of the methods, or there is not one drug of each query.
    """
    if reference not in methods:
        raise LacunaError(
            f"retrieval: differences from {reference!r}; expected one of {sorted(methods)}."
        )
    better = pd.Series({name: DIRECTION[metric.better] for name, metric in METRICS.items()})
    leads, queries = {}, {}
    for method in methods:
        both = np.intersect1d(methods[method].query, methods[reference].query)
        if method != reference and len(both):
            ours, theirs = (
                score_draws(found.at(np.isin(found.query, both)), drug, drug_stream(seed))
                for found in (methods[reference], methods[method])
            )
            leads[method], queries[method] = (ours - theirs) * better, len(both)
    tables = []
    for name in METRICS if leads else ():
        lead = pd.DataFrame({method: draws[name] for method, draws in leads.items()})
        table = intervals(lead).rename(columns={"metric": "method"})
        table = table.assign(p_holm=adjust_holm(_normal_p(lead)))
        table.insert(0, "metric", name)
        table.insert(1, "reference", reference)
        tables.append(table.assign(queries=table["method"].map(queries)))
    columns = ["metric", "reference", "method", "value", "low", "high", "p_holm", "queries"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def score_draws(found: Found, drug: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Score what was found, as it is and on draws of drugs with replacement.

    Parameters
    ----------
    found
        What was found, of one query at least.
    drug : array of shape (asked,)
        The drug of each query that was asked.
    rng
        Draws among the drugs of all queries, ranked or not: with streams seeded alike, the draws of
        two methods are paired.

    Returns
    -------
    DataFrame, one row per draw, of which the first is the data; a column for each of `METRICS`
        Draws are NaN with fewer than `LEAST_DRUGS` drugs among the ranked queries.

    Raises
    ------
    LacunaError
        If there is not one drug of each query.
    """
    number, weights = draw_drugs(found, drug, rng)
    return pd.DataFrame(
        {name: _scores(metric, found, number, weights) for name, metric in METRICS.items()}
    )


def draw_drugs(
    found: Found, drug: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the drug of each ranked query, from 0 on, and how often each draw holds each drug.

    See `score_draws`; the draws are those of `lacuna.evaluation.bootstrap.bootstrap_weights`.
    """
    if len(drug) != found.asked:
        raise LacunaError(
            f"retrieval: {len(drug)} drugs of {found.asked} queries; expected one of each."
        )
    names, number = np.unique(np.asarray(drug), return_inverse=True)
    weights = bootstrap_weights(len(names), rng)
    of_query = number[found.query]
    if len(np.unique(of_query)) < LEAST_DRUGS:
        weights[1:] = np.nan
    return of_query, weights


def chance_level(metric: Metric, found: Found, drug: np.ndarray) -> float:
    """Return what an order at random is expected to score on these queries, exactly.

    With one hit among m candidates, it is the formula on the card. Of libraries of several sizes,
    means are over the queries, and a median is that of the mixture of the ranks that the queries
    may get. With several hits, the rank is that of the first.

    Parameters
    ----------
    metric, found
        The metric and the queries, at least one.
    drug : array of shape (asked,)
        The drug of each query.
    """
    weight = np.ones(len(found.query))
    if metric.average == "mean of drugs":
        _, number, count = np.unique(
            np.asarray(drug)[found.query], return_inverse=True, return_counts=True
        )
        weight /= count[number]
    sizes, case = np.unique(np.stack([found.library, found.hits]), axis=1, return_inverse=True)
    of_case = np.bincount(case.ravel(), weight)
    chances = [first_hit(library, hits) for library, hits in sizes.T]
    places = np.concatenate([np.arange(len(chance)) for chance in chances])
    library, hits = np.repeat(sizes, [len(chance) for chance in chances], axis=1)
    one = np.ones_like(places)
    # every place that the first hit may have, with how likely it is
    every = Found(places, places, one, one, library, hits, (library + 1) / 2, len(places))
    likely = np.concatenate([chance * w for chance, w in zip(chances, of_case, strict=True)])
    value = metric.of_query(every)
    if metric.average == "median":
        return float(_weighted_medians(value, likely[None])[0])
    return float(likely @ value / likely.sum())


def drug_stream(seed: int) -> np.random.Generator:
    """Return the stream that draws drugs: one for all methods, so that their draws are paired."""
    return generator(seed, *WORDS)


def _scores(metric: Metric, found: Found, number: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the score in each draw of drugs, float64 of shape (draws,)."""
    value, drugs = metric.of_query(found), weights.shape[1]
    if metric.average == "median":
        step = max(ENTRIES // max(len(value), 1), 1)
        blocks = [weights[first : first + step] for first in range(0, len(weights), step)]
        return np.concatenate([_weighted_medians(value, block[:, number]) for block in blocks])
    total = np.bincount(number, value, drugs)
    count = np.bincount(number, minlength=drugs).astype(float)
    if metric.average == "mean of drugs":
        total, count = total / np.maximum(count, 1), np.sign(count)
    with np.errstate(invalid="ignore"):  # a draw may hold no drug with a ranked query
        return (weights @ total) / (weights @ count)


def _normal_p(lead: pd.DataFrame) -> np.ndarray:
    """Return p of each column's first row: a share of 1,000 draws is never small enough."""
    value, error = np.abs(lead.iloc[0].to_numpy(float)), lead.iloc[1:].std().to_numpy(float)
    z = np.divide(value, error, out=np.where(value > 0, np.inf, 0.0), where=error != 0)
    return 2 * norm.sf(z)


def _widen(table: pd.DataFrame, drugs: int) -> pd.DataFrame:
    """Give shares of 0 and of 1 the exact interval of as many draws as there are drugs.

    The bootstrap's has no width there, as if nothing else could be (Clopper and Pearson 1934,
    doi:10.1093/biomet/26.4.404). What is certain, as chance is 1 too, needs none.
    """
    tail = (1 - CONFIDENCE) / 2
    share = (
        table["metric"].str.startswith("hits_")
        & table["low"].notna()
        & (table["chance"] < 1 - ROUNDING)
    )
    table.loc[share & (table["value"] == 0), "high"] = 1 - tail ** (1 / drugs)
    table.loc[share & (table["value"] == 1), "low"] = tail ** (1 / drugs)
    return table


def _weighted_medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the median of values that count so often, for each row of weights.

    Where the lower half ends between two values, the median is halfway between them, as of an
    ordinary even number. NaN where weights are NaN or all 0.

    Parameters
    ----------
    values : float array of shape (n,)
    weights : float array of shape (draws, n)
    """
    order = np.argsort(values, kind="stable")
    up_to = np.cumsum(weights[:, order], axis=1)
    total = up_to[:, -1:]
    margin = ROUNDING * total
    lower, upper = (
        np.minimum((up_to < half).sum(axis=1), len(values) - 1)
        for half in (total / 2 - margin, total / 2 + margin)
    )
    middle = (values[order][lower] + values[order][upper]) / 2
    return np.where(total[:, 0] > 0, middle, np.nan)
