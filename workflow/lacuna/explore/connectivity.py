"""Searches in the profiles of a product: which mimic a query, and which reverse it?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, mannwhitneyu

from lacuna.errors import LacunaError, did_you_mean
from lacuna.explore.index import RANKS, SEVERAL, UNITS, Index
from lacuna.explore.query import Query
from lacuna.explore.reference import COSINE, SCORES, WEIGHTED, reference_of
from lacuna.explore.scores import Genes, connect, enrichment, normalise

# Quantiles of a drug's NCS over cells, of which that further from 0 stands for the drug.
LOW, HIGH = 1 / 3, 2 / 3
FEWEST_DRUGS = 3  # of a mechanism that is tested
FOUND = ["score", "ncs", "tau", "p", "fdr"]


def weighted_connectivity(index: Index, up: Genes, down: Genes) -> np.ndarray:
    """Return the weighted connectivity score of two sets of genes with every profile.

    Parameters
    ----------
    index
        The profiles.
    up, down
        Positions of genes, each once; one of both may be empty.

    Returns
    -------
    float32 array of shape (profiles,)
        Between -1 (reverses) and 1 (mimics), see `lacuna.explore.scores`.

    Raises
    ------
    DamagedFile
        If the index is damaged at these genes.
    ValueError
        If both sets are empty.
    """
    found: list[np.ndarray | None] = []
    for genes in (up, down):
        index.check(genes, (UNITS, RANKS))
        found.append(enrichment(index.units, index.ranks, genes) if len(genes) else None)
    return connect(found[0], found[1])


def cosine(index: Index, query: np.ndarray) -> np.ndarray:
    """Return the cosine of a query with every profile.

    Profiles are Characteristic Directions, or predictions of them, so this is the search by
    Characteristic Direction (Duan et al. 2016, doi:10.1038/npjsba.2016.15) where the query is one,
    too; of sets, see `lacuna.explore.scores.signed_set`.

    Parameters
    ----------
    index
        The profiles.
    query : float array of shape (genes,)
        Of any length but 0.

    Returns
    -------
    float32 array of shape (profiles,)
    """
    vector = np.asarray(query, np.float32) / np.float32(np.linalg.norm(query))
    genes = np.flatnonzero(vector)
    if 2 * len(genes) > len(vector):
        return vector @ index.units
    index.check(genes)
    return vector[genes] @ index.units[genes]


def search(index: Index, query: Query, score: str = WEIGHTED) -> pd.DataFrame:
    """Compare a query with every profile.

    Parameters
    ----------
    index
        The profiles.
    query
        See `lacuna.explore.query`.
    score
        "weighted" (weighted connectivity) or "cosine".

    Returns
    -------
    DataFrame, one row per profile, the highest score first
        Indexed by the profile's position: drug, name, cell, source, expected_r, tier; score; ncs:
        over the mean of scores of its sign in the same cell and source; tau: the percentage of real
        queries that give such profiles a lower |NCS|, with the sign of the NCS; p: the share of
        queries of random genes whose |score| is as high; fdr: p by Benjamini and Hochberg over all
        profiles.

    Raises
    ------
    DamagedFile
        If the index is damaged.
    LacunaError
        If there is no such score.
    """
    if score not in SCORES:
        hint = did_you_mean(score, SCORES)
        raise LacunaError(f"no score {score!r}{hint}; expected one of {', '.join(SCORES)}.")
    scores = (
        cosine(index, query.vector)
        if score == COSINE
        else weighted_connectivity(index, query.up, query.down)
    )
    reference = reference_of(index.null, score, *query.kind(score))
    ncs = normalise(scores[None], index.stratum, reference.levels)[0]
    p_values = reference.p_values(scores, index.stratum % 2 == 1)
    profiles = index.profiles
    about = {
        "drug": index.drugs["drug"].to_numpy()[profiles["drug"]],
        "name": index.drugs["name"].to_numpy()[profiles["drug"]],
        "cell": index.cells["cell"].to_numpy()[profiles["cell"]],
        **{name: profiles[name] for name in ("source", "expected_r", "tier")},
    }
    numbers = (scores, ncs, reference.tau(ncs, index.stratum), p_values)
    found = dict(zip(FOUND, [*numbers, false_discovery_control(p_values)], strict=True))
    table = pd.DataFrame(about | found)
    return table.iloc[np.argsort(-scores, kind="stable")]


def maximum_quantile(ncs: pd.Series, group: Sequence[object] | np.ndarray | pd.Series) -> pd.Series:
    """Return, of each group, the upper or the lower third of its scores, that further from 0.

    So Subramanian et al. 2017 sum up a drug's NCS over cells, by the 67th and the 33rd percentile.
    """
    groups = ncs.groupby(np.asarray(group))
    low, high = groups.quantile(LOW), groups.quantile(HIGH)
    return high.where(high.abs() >= low.abs(), low)


def by_drug(index: Index, found: pd.DataFrame) -> pd.DataFrame:
    """Sum up what `search` found by drug, over its cells.

    Parameters
    ----------
    index
        What was searched.
    found
        All that `search` found, or the rows of some cells or of one source.

    Returns
    -------
    DataFrame, one row per drug, the highest NCS first
        drug, name, moa, ncs (see `maximum_quantile`), cells (how many are summed up), measured (in
        how many of these it was), best_cell, best_source, best_score, best_tau (of the profile
        whose NCS is furthest from 0).
    """
    row = index.profiles["drug"].to_numpy()[found.index]
    furthest = found["ncs"].abs().reset_index(drop=True).groupby(row).idxmax()
    best = found.iloc[furthest.to_numpy()].set_axis(furthest.index)
    groups = found["source"].eq("measured").groupby(row)
    table = index.drugs.loc[furthest.index, ["drug", "name", "moa"]].assign(
        ncs=maximum_quantile(found["ncs"], row),
        cells=groups.size(),
        measured=groups.sum(),
        **{f"best_{name}": best[name] for name in ("cell", "source", "score", "tau")},
    )
    return table.sort_values("ncs", ascending=False, kind="stable", ignore_index=True)


def by_mechanism(drugs: pd.DataFrame) -> pd.DataFrame:
    """Sum up drugs by their mechanism of action.

    Parameters
    ----------
    drugs
        As `by_drug` returns them.

    Returns
    -------
    DataFrame, one row per mechanism of `FEWEST_DRUGS` drugs or more, the highest NCS first
        moa, drugs (how many), ncs (see `maximum_quantile`), p (Mann-Whitney: are its drugs' NCS
        other than those of the other drugs?), fdr (Benjamini and Hochberg), drug_names.
    """
    moas = drugs["moa"].where(drugs["moa"] != "").str.split(SEVERAL).explode().dropna()
    names = ["moa", "drugs", "ncs", "p", "fdr", "drug_names"]
    rows = []
    for moa, members in moas.groupby(moas):
        inside = drugs.index.isin(members.index)
        if FEWEST_DRUGS <= inside.sum() < len(drugs):
            ncs = drugs["ncs"][inside]
            (summed,) = maximum_quantile(ncs, np.zeros(len(ncs)))
            chance = mannwhitneyu(ncs, drugs["ncs"][~inside]).pvalue
            listed = SEVERAL.join(drugs["name"][inside])
            rows.append((moa, int(inside.sum()), summed, chance, np.nan, listed))
    table = pd.DataFrame(rows, columns=names)
    if len(table):
        table["fdr"] = false_discovery_control(table["p"])
    return table.sort_values("ncs", ascending=False, kind="stable", ignore_index=True)
