"""The search by gene: which treatments raise or lower it most?

For each gene, the signatures in which it stands highest and lowest are kept by three measures: fold
change, coefficient in the Characteristic Direction, and rank within the signature. After Jeon et
al. 2022 (doi:10.1186/s12859-022-04895-5), gene-centric signature reverse search.

Signatures come in blocks and are not kept, so that memory does not grow with their number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.translation.differential import Scores

MEASURES = ("fold_change", "cd", "rank")
DIRECTIONS = ("up", "down")
TOP = 100  # signatures per gene, direction and measure
SIGNATURES_AT_ONCE = 256  # sorted with those kept so far
GENES_AT_ONCE = 256  # whose tables are in memory, and sorted, together
NONE = -1  # in the place of a signature that is missing
FOUND = [
    *("gene", "direction", "by", "place", "signature"),
    *("fold_change", "low", "high", "cd", "rank", "disagree"),
]


@dataclass(frozen=True)
class SignatureBlock:
    """Some signatures.

    Attributes
    ----------
    table : DataFrame, one row per signature
        signature (a name of its own), and whatever else is known of it.
    fold_change, margin : float32 arrays of shape (signatures, genes)
        Log2, and half the width of its 95 % interval; NaN where there is none.
    cd : float32 array of shape (signatures, genes)
    """

    table: pd.DataFrame
    fold_change: np.ndarray
    margin: np.ndarray
    cd: np.ndarray


@dataclass(frozen=True)
class _Kept:
    """The best signatures of each gene by one measure in one direction, the best first.

    All arrays are of shape (at most `TOP`, genes); signature is `NONE` where there is none.
    """

    signature: np.ndarray
    key: np.ndarray  # what they are sorted by, the smallest first; infinite for none
    fold_change: np.ndarray
    margin: np.ndarray
    cd: np.ndarray
    rank: np.ndarray

    def columns(self, genes: slice) -> "_Kept":
        return _Kept(**{name: array[:, genes] for name, array in vars(self).items()})


@dataclass(frozen=True)
class GeneSearch:
    """What `search_genes` found; `tables` shows it.

    Attributes
    ----------
    genes : tuple of str
    signatures : DataFrame
        The metadata of all signatures that were seen.
    kept : dict of _Kept
        By direction and measure.
    """

    genes: tuple[str, ...]
    signatures: pd.DataFrame
    kept: dict[tuple[str, str], _Kept]

    def tables(self) -> Iterator[pd.DataFrame]:
        """Yield the table of some genes after the other.

        Yields
        ------
        DataFrame
            `FOUND`, then the metadata. direction: up or down; by: the measure; place: 1 for the
            best; low, high: the ends of the fold change's 95 % interval by limma's moderated
            variance within the signature's own wells (NaN for a single well); rank: of the gene in
            the signature by its cd, 1 for the most raised; disagree: whether fold change and cd
            have opposite signs.
        """
        for start in range(0, len(self.genes), GENES_AT_ONCE):
            block = slice(start, start + GENES_AT_ONCE)
            names = np.asarray(self.genes[block], dtype=object)
            parts = [
                self._table(kept.columns(block), names, direction, measure)
                for (direction, measure), kept in self.kept.items()
            ]
            table = pd.concat(parts, ignore_index=True)
            order = np.lexsort([table["order"], table["at"]])
            yield table.iloc[order].drop(columns=["at", "order"]).reset_index(drop=True)

    def _table(self, kept: _Kept, names: np.ndarray, direction: str, measure: str) -> pd.DataFrame:
        place, gene = np.nonzero(kept.signature != NONE)
        values = {name: array[place, gene] for name, array in vars(kept).items()}
        fold, margin = values["fold_change"], values["margin"]
        order = len(MEASURES) * DIRECTIONS.index(direction) + MEASURES.index(measure)
        metadata = self.signatures.iloc[values["signature"]].reset_index(drop=True)
        table = pd.DataFrame(
            {
                "gene": names[gene],
                "direction": direction,
                "by": measure,
                "place": place + 1,
                "signature": metadata["signature"],
                "fold_change": fold,
                "low": fold - margin,
                "high": fold + margin,
                "cd": values["cd"],
                "rank": values["rank"],
                "disagree": np.sign(fold) * np.sign(values["cd"]) < 0,
            }
        )
        rest = metadata.drop(columns="signature")
        return pd.concat([table, rest], axis=1).assign(at=gene, order=order * TOP + place)


def gather(scored: Iterable[tuple[Mapping[str, Any], Scores]]) -> Iterator[SignatureBlock]:
    """Gather signatures into blocks for `search_genes`.

    Parameters
    ----------
    scored
        As `lacuna.translation.batches.score_treatments` yields them.
    """
    part: list[tuple[Mapping[str, Any], Scores]] = []
    for one in scored:
        part.append(one)
        if len(part) == SIGNATURES_AT_ONCE:
            yield _block(part)
            part = []
    if part:
        yield _block(part)


def _block(part: Sequence[tuple[Mapping[str, Any], Scores]]) -> SignatureBlock:
    table = pd.DataFrame([{"signature": name_signature(facts), **facts} for facts, _ in part])
    fold_change, margin, cd = (
        np.stack([np.asarray(getattr(scores, name), np.float32) for _, scores in part])
        for name in ("fold_change", "margin", "cd")
    )
    return SignatureBlock(table, fold_change, margin, cd)


def name_signature(facts: Mapping[str, Any]) -> str:
    """Return a name from batch, cell, drug, type, and the time (h) and dose (µM) that are known.

    Examples
    --------
    >>> name_signature({"batch": "B", "cell": "A375", "drug": "D", "type": "trt_cp",
    ...                 "time": 6.0, "dose": float("nan")})
    'B:A375:D:trt_cp:6h'
    """
    known = [str(facts[fact]) for fact in ("batch", "cell", "drug", "type")]
    units = (("time", "h"), ("dose", "um"))
    known += [f"{facts[fact]:g}{unit}" for fact, unit in units if pd.notna(facts[fact])]
    return ":".join(known)


def search_genes(
    blocks: Iterable[SignatureBlock], genes: Sequence[str], top: int = TOP
) -> GeneSearch:
    """Find, for each gene, the signatures that raise and lower it most.

    Parameters
    ----------
    blocks
        All signatures, in their order; of equal ones, the first is kept.
    genes
        Names of the columns.
    top
        How many per gene, direction and measure. Only signatures with a positive (up) or negative
        (down) value are listed, by rank only those with such a cd, so that there may be fewer.

    Raises
    ------
    LacunaError
        If there is no signature, a name stands twice, a block has other genes than `genes`, or
        metadata have a column called as one of `FOUND`.
    """
    genes = tuple(str(gene) for gene in genes)
    kept: dict[tuple[str, str], _Kept] = {}
    tables: list[pd.DataFrame] = []
    seen = 0
    for block in blocks:
        _check(block, genes)
        tables.append(block.table)
        rank = rank_genes(block.cd)
        for direction in DIRECTIONS:
            for measure in MEASURES:
                new = _of_block(block, rank, seen, direction, measure)
                kept[direction, measure] = _merge(kept.get((direction, measure)), new, top)
        seen += len(block.table)
    if not seen:
        raise LacunaError("there is no signature to search; expected at least one treatment.")
    signatures = pd.concat(tables, ignore_index=True)
    if (twice := signatures["signature"].duplicated()).any():
        names = listed(signatures.loc[twice, "signature"].unique())
        raise LacunaError(f"the signatures {names} stand twice; expected a name for each.")
    return GeneSearch(genes, signatures, kept)


def _check(block: SignatureBlock, genes: tuple[str, ...]) -> None:
    shape = (len(block.table), len(genes))
    for name in ("fold_change", "margin", "cd"):
        if (found := getattr(block, name).shape) != shape:
            raise LacunaError(
                f"{name} of shape {found}; expected {shape}, a row per signature and a column per "
                "gene. The list of genes is not that of the model."
            )
    if clash := (set(FOUND) - {"signature"}) & set(block.table):
        raise LacunaError(
            f"metadata of signatures have columns {listed(sorted(clash))}, which the search writes "
            "itself; rename them."
        )


def rank_genes(cd: np.ndarray) -> np.ndarray:
    """Return the rank of each gene in its signature: 1 for the most raised; ties as they stand.

    Parameters
    ----------
    cd : array of shape (signatures, genes)

    Returns
    -------
    int32 array of the same shape
    """
    order = np.argsort(-cd, axis=1, kind="stable")
    rank = np.empty(cd.shape, dtype=np.int32)
    np.put_along_axis(rank, order, np.arange(1, cd.shape[1] + 1, dtype=np.int32)[None], axis=1)
    return rank


def _of_block(
    block: SignatureBlock, rank: np.ndarray, seen: int, direction: str, measure: str
) -> _Kept:
    sign = 1 if direction == "up" else -1
    value = block.fold_change if measure == "fold_change" else block.cd
    key = sign * (rank if measure == "rank" else -value).astype(np.float32)
    key = np.where(sign * value > 0, key, np.inf)
    signature = np.broadcast_to(
        np.arange(seen, seen + len(key), dtype=np.int32)[:, None], key.shape
    )
    signature = np.where(np.isfinite(key), signature, NONE)
    return _Kept(signature, key, block.fold_change, block.margin, block.cd, rank)


def _merge(kept: _Kept | None, new: _Kept, top: int) -> _Kept:
    """Keep the best of both, in blocks over genes; of equal ones, those kept before come first."""
    if kept is None:
        kept = _Kept(**{name: array[:0] for name, array in vars(new).items()})
    size, genes = min(top, len(kept.key) + len(new.key)), new.key.shape[1]
    merged = {name: np.empty((size, genes), array.dtype) for name, array in vars(new).items()}
    for start in range(0, genes, GENES_AT_ONCE):
        block = slice(start, start + GENES_AT_ONCE)
        both = {
            name: np.concatenate([before[:, block], getattr(new, name)[:, block]])
            for name, before in vars(kept).items()
        }
        best = np.argsort(both["key"], axis=0, kind="stable")[:size]
        for name, array in both.items():
            merged[name][:, block] = np.take_along_axis(array, best, axis=0)
    return _Kept(**merged)
