"""How many queries are answered among the first so many, and how many answers are right."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import intervals
from lacuna.retrieval.metrics import draw_drugs, drug_stream
from lacuna.retrieval.ranks import Found
from lacuna.retrieval.ties import share_within

# Shares of the library: fine where the first few places are, and even up to all of it.
SHARES = np.unique(
    np.round(np.concatenate([np.geomspace(0.001, 0.1, 21), np.arange(101) / 100]), 4)
)
QUERIES = 4096  # at a time
ROUNDING = 1e-9  # of a share times a library that should be a whole number


def curves(
    methods: Mapping[str, Found], drug: np.ndarray, seed: int, shares: np.ndarray = SHARES
) -> pd.DataFrame:
    """Return recall and precision of methods against the share of the library that is returned.

    Each query is given the first K = floor(share m) of its m candidates. Recall is the share of
    queries whose first hit is among them: the cumulative distribution (ECDF) of rank / m, and hits
    at K. Precision is the number of queries answered so over the number of candidates returned,
    summed over queries first (Manning, Raghavan and Schütze 2008, Introduction to Information
    Retrieval, doi:10.1017/CBO9780511809071, chapter 8). With one right candidate a query and one
    library, it is recall / K: the best that can be is 1 / K. Precision against recall is the curve
    of Finlayson et al. 2021 (doi:10.48550/arXiv.1911.10241), figure 2.

    Parameters
    ----------
    methods
        By method, what it found.
    drug : array of shape (asked,)
        The drug of each query.
    seed
        Of the run.
    shares
        Of the library, from 0 to 1.

    Returns
    -------
    DataFrame with columns method, curve, share, value, low, high, chance
        curve: "recall" or "precision"; low, high: the 95 % bootstrap interval over drugs, of each
        point by itself, empty with fewer than five drugs; chance: of an order at random. Precision
        has no row where nothing is returned.

    Raises
    ------
    LacunaError
        If there is not one drug of each query.
    """
    tables = [
        _curves(found, drug, seed, shares).assign(method=method)
        for method, found in methods.items()
        if len(found.query)
    ]
    columns = ["method", "curve", "share", "value", "low", "high", "chance"]
    empty = pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns] if tables else empty


def _curves(found: Found, drug: np.ndarray, seed: int, shares: np.ndarray) -> pd.DataFrame:
    number, weights = draw_drugs(found, drug, drug_stream(seed))
    answered, returned, expected = np.zeros((3, weights.shape[1], len(shares)))
    for first in range(0, len(number), QUERIES):
        part = found.at(np.arange(first, min(first + QUERIES, len(number))))
        places = np.floor(np.outer(shares, part.library) + ROUNDING).astype(int)
        of_drug = number[first : first + QUERIES]
        for total, of_query in (
            (answered, share_within(part, places)),
            (returned, places),
            (expected, share_within(part.all_tied(), places)),
        ):
            np.add.at(total, of_drug, of_query.T)
    count = np.bincount(number, minlength=len(answered)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = (weights @ answered) / (weights @ count)[:, None]
        precision = (weights @ answered) / (weights @ returned)
        recall_chance = expected.sum(axis=0) / count.sum()
        precision_chance = expected.sum(axis=0) / returned.sum(axis=0)
    tables = []
    for curve, draws, chance in (
        ("recall", recall, recall_chance),
        ("precision", precision, precision_chance),
    ):
        table = intervals(pd.DataFrame(draws, columns=shares)).rename(columns={"metric": "share"})
        table = table.assign(curve=curve, chance=chance)
        tables.append(table if curve == "recall" else table[returned.sum(axis=0) > 0])
    return pd.concat(tables, ignore_index=True)
