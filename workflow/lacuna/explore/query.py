"""Queries: sets of genes, values of genes, or a profile of the product itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.explore.index import Index
from lacuna.explore.reference import BOTH, COSINE, LEAST_OTHERS, ONE, WHOLE
from lacuna.explore.scores import signed_set

MOST_OF_A_SET = 50  # genes at each end of values or of a profile that the weighted score asks for
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Query:
    """What profiles are compared with.

    Attributes
    ----------
    up, down : int arrays
        Positions of genes that go up, and of those that go down.
    vector : float32 array of shape (genes,)
        Of length 1: the values of the genes, or the sets with equal values.
    genes : DataFrame
        One row per name that was asked for: asked, direction, gene (its id; empty where the index
        has no such gene), symbol.
    whole : bool
        Whether `vector` holds values, not sets.
    profile : int or None
        The position of the profile that it is, if it is one.
    """

    up: np.ndarray
    down: np.ndarray
    vector: np.ndarray
    genes: pd.DataFrame = field(repr=False)
    whole: bool = False
    profile: int | None = None

    def kind(self, score: str) -> tuple[str, float]:
        """Return the form and the size of set by which its scores are judged.

        The size is that of two equal sets whose score varies as much by chance.
        """
        if self.whole and score == COSINE:
            return WHOLE, len(self.vector)
        sizes = [len(part) for part in (self.up, self.down) if len(part)]
        return BOTH if len(sizes) == 2 else ONE, len(sizes) / sum(1 / size for size in sizes)

    @property
    def not_found(self) -> list[str]:
        """The names that the index does not know."""
        return list(self.genes.loc[self.genes["gene"] == "", "asked"])


def query_sets(index: Index, up: Iterable[str] = (), down: Iterable[str] = ()) -> Query:
    """Ask for genes that go up and genes that go down; one of both may be empty.

    Parameters
    ----------
    index
        Whose genes they are; others are left out, and named in `Query.genes`.
    up, down
        Symbols or ids, in upper or lower case.

    Raises
    ------
    LacunaError
        If the index knows none of them, one stands in both sets, or a set has nearly all genes.
    """
    found = [_find_genes(index, names, way) for names, way in ((up, UP), (down, DOWN))]
    genes = pd.concat(found, ignore_index=True)
    positions = [part.loc[part["position"] >= 0, "position"].to_numpy(int) for part in found]
    sets = [np.unique(part) for part in positions]
    _check_known(index, genes)
    if len(twice := np.intersect1d(sets[0], sets[1])):
        raise LacunaError(
            f"the genes {listed(_names(index, twice))} are asked to go up and to go down; expected "
            "each in one of both sets."
        )
    most = len(index.genes) // 2
    for way, part in zip((UP, DOWN), sets, strict=True):
        if len(part) > most:
            raise LacunaError(
                f"{len(part)} of {len(index.genes)} genes are asked to go {way}; expected a set of "
                f"{most} at most: those that change most."
            )
    vector = signed_set(len(index.genes), *sets)
    return Query(sets[0], sets[1], vector, genes.drop(columns="position"))


def query_values(index: Index, values: Mapping[str, float] | pd.Series) -> Query:
    """Ask for values of genes, such as fold changes: positive ones go up.

    The weighted score asks for the `MOST_OF_A_SET` highest and lowest of them (of few genes, a
    quarter of all), the cosine for all; genes that are not named count as 0.

    Parameters
    ----------
    index
        Whose genes they are; others are left out, and named in `Query.genes`.
    values
        Finite numbers by symbol or id; those of a gene that is named twice are averaged.

    Raises
    ------
    LacunaError
        If the index knows none of the genes, a value is not finite, or all are 0.
    """
    given = pd.Series(values, dtype=float)
    if len(odd := given[~np.isfinite(given)]):
        raise LacunaError(f"the value of {listed(odd.index)} is not a finite number.")
    genes = _find_genes(index, given.index.astype(str), "")
    genes["direction"] = np.where(given > 0, UP, np.where(given < 0, DOWN, ""))
    _check_known(index, genes)
    known = genes["position"].to_numpy() >= 0
    by_gene = given[known].groupby(genes["position"].to_numpy()[known]).mean()
    vector = np.zeros(len(index.genes))
    vector[by_gene.index.to_numpy(int)] = by_gene.to_numpy()
    return _of_vector(vector, genes.drop(columns="position"))


def query_profile(index: Index, position: int) -> Query:
    """Ask for a profile of the product, as `query_values` does for values.

    Raises
    ------
    LacunaError
        If the profile is all 0.
    """
    vector = index.unit_profile(position).astype(float)
    about = pd.DataFrame({"asked": index.genes["gene"], "direction": ""}).join(index.genes)
    about["direction"] = np.where(vector > 0, UP, np.where(vector < 0, DOWN, ""))
    return _of_vector(vector, about, position)


def _of_vector(vector: np.ndarray, genes: pd.DataFrame, profile: int | None = None) -> Query:
    length = np.linalg.norm(vector)
    if length == 0:
        raise LacunaError("all values are 0; expected genes that go up or down.")
    most = min(MOST_OF_A_SET, max(len(vector) // LEAST_OTHERS, 1))
    order = np.argsort(-vector, kind="stable")
    up, down = order[:most], order[::-1][:most]
    return Query(
        np.sort(up[vector[up] > 0]),
        np.sort(down[vector[down] < 0]),
        (vector / length).astype(np.float32),
        genes,
        whole=True,
        profile=profile,
    )


def _find_genes(index: Index, names: Iterable[str], way: str) -> pd.DataFrame:
    """Return asked, direction, gene, symbol and position (-1 where not known) of names."""
    asked = pd.Series([str(name).strip() for name in names], dtype=object)
    position = asked.map(gene_positions(index)).fillna(-1).astype(int)
    known = index.genes.reindex(position).fillna("").reset_index(drop=True)
    return pd.DataFrame({"asked": asked, "direction": way}).join(known).assign(position=position)


def gene_positions(index: Index) -> pd.Series:
    """Return the position of each gene by all that it is called; an id counts before a symbol.

    Names are as they stand, and in lower and upper case where that tells genes apart.
    """
    ids, symbols = index.genes["gene"], index.genes["symbol"]
    names = pd.concat(
        [ids, symbols, *(change(each) for each in (ids, symbols) for change in CASES)]
    )
    found = pd.Series(names.index.to_numpy(), names.to_numpy())
    return found[~found.index.duplicated() & (found.index != "")]


CASES = (lambda names: names.str.upper(), lambda names: names.str.lower())


def _check_known(index: Index, genes: pd.DataFrame) -> None:
    if genes.empty:
        raise LacunaError("no genes are asked for; expected symbols or ids, up, down or both.")
    if (genes["position"] < 0).all():
        known = [*index.genes["symbol"], *index.genes["gene"]]
        hint = did_you_mean(genes["asked"][0], [name for name in known if name])
        some = listed(_names(index, np.arange(len(index.genes))), 3)
        raise LacunaError(
            f"none of the genes {listed(genes['asked'])} is among the {len(index.genes)} of the "
            f"tensor{hint}; expected symbols or ids such as {some}."
        )


def _names(index: Index, positions: np.ndarray) -> pd.Series:
    genes = index.genes.iloc[positions]
    return genes["symbol"].where(genes["symbol"] != "", genes["gene"])
