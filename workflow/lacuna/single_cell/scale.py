"""Is it counts or logarithms, and of which species: what was declared is checked, never guessed."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError, listed
from lacuna.io.genes import GeneTable, kind_of
from lacuna.io.h5ad_write import Block

Scale = Literal["counts", "log1p"]
HIGHEST_LOG = 30.0  # log(1 + x) of 10^13; counts of a cell are below 10^6
LEAST_KNOWN = 0.2  # of names: half of all Ensembl ids are of genes without a symbol
HUMAN = re.compile(r"ENSG\d")  # ids of other species have letters between ENS and G
LEAST_CAPITALS = 0.5  # of symbols; C1orf112 has small letters, mouse genes (Trp53) all have


@dataclass
class ScaleCheck:
    """Looks at all values, block by block.

    Parameters
    ----------
    path
        The file, for messages.
    scale
        What was declared.
    """

    path: Path
    scale: Scale
    _all_whole: bool = field(default=True, init=False)
    _seen: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        known = " or ".join(get_args(Scale))
        if self.scale not in get_args(Scale):
            raise LacunaError(f"{self.path}: scale {self.scale!r} is not known; expected {known}.")

    def look(self, block: Block, cells: pd.Index, genes: pd.Index) -> None:
        """Refuse values that the scale cannot have.

        Parameters
        ----------
        block : array or CSR of shape (cells, genes)
        cells, genes
            Their names, for messages.

        Raises
        ------
        LacunaError
            Naming the first such value.
        """
        values = block.data if sparse.issparse(block) else block
        if not np.isfinite(values).all():
            self._refuse(block, ~np.isfinite(values), cells, genes, "expected finite numbers")
        if (values < 0).any():
            said = "these look like values that were centred or scaled; give those before"
            self._refuse(block, values < 0, cells, genes, f"nothing is negative; {said}")
        whole = values == np.round(values)
        self._all_whole &= bool(whole.all())
        self._seen |= bool((values != 0).any())
        if self.scale == "counts" and not whole.all():
            said = (
                "counts are whole numbers. These look like logarithms or normalised values: "
                "declare scale: log1p, or name the layer that has counts"
            )
            self._refuse(block, ~whole, cells, genes, said)
        if self.scale == "log1p" and (values > HIGHEST_LOG).any():
            said = (
                f"log(1 + x) is never above {HIGHEST_LOG:g}. These look like counts, or are not "
                "logarithms: declare scale: counts, or name another layer"
            )
            self._refuse(block, values > HIGHEST_LOG, cells, genes, said)

    def end(self) -> None:
        """Refuse logarithms that are all whole numbers, or a matrix of nothing but 0."""
        if not self._seen:
            raise LacunaError(f"{self.path}: all values are 0; expected {self.scale}.")
        if self.scale == "log1p" and self._all_whole:
            raise LacunaError(
                f"{self.path}: all values are whole numbers, and {self.scale} were declared. These "
                "look like counts: declare scale: counts."
            )

    def _refuse(
        self, block: Block, wrong: np.ndarray, cells: pd.Index, genes: pd.Index, said: str
    ) -> None:
        if sparse.issparse(block):
            place = int(np.flatnonzero(wrong)[0])
            row = int(np.searchsorted(block.indptr, place, side="right")) - 1
            column, value = int(block.indices[place]), block.data[place]
        else:
            row, column = (int(number) for number in np.argwhere(wrong)[0])
            value = block[row, column]
        raise LacunaError(
            f"{self.path}: cell {cells[row]!r}, gene {genes[column]!r} is {value:.6g} "
            f"({int(wrong.sum()):,} such values among {wrong.size:,}), and scale: {self.scale} was "
            f"declared: {said}."
        )


def human_symbols(
    genes: pd.Index, given: pd.Series | None, table: GeneTable, path: Path
) -> tuple[np.ndarray, str]:
    """Return the symbols of genes, NaN where there is none, and what the genes were named by.

    Parameters
    ----------
    genes
        Names in the file: symbols, Ensembl ids with or without version, or Entrez ids.
    given
        Symbols that the file has beside them; they count where there is no table of ids.
    table
        Names of human genes.
    path
        The file, for messages.

    Raises
    ------
    LacunaError
        If they are genes of another species, too few are known, or it cannot be told.
    """
    kind = kind_of(genes, path)
    if kind == "ensembl":
        human = np.mean([bool(HUMAN.match(name)) for name in genes])
        if human < LEAST_CAPITALS:
            others = [name for name in genes if not HUMAN.match(name)]
            raise LacunaError(
                f"{path}: {1 - human:.0%} of its Ensembl ids are not of human genes "
                f"({listed(others, 3)}); expected ENSG... Another species is not translated."
            )
    ids = {"ensembl": table.ensembl, "entrez": table.entrez}.get(kind)
    if ids is not None and ids.empty and given is not None:
        symbols = given.replace("", np.nan).to_numpy(object)
    else:
        symbols = table.to_symbols(genes, path).names
    named = [str(name) for name in symbols[pd.notna(symbols)]]
    known = set(table.ensembl) | set(table.entrez)
    if known:
        share = sum(name in known for name in named) / len(symbols)
        if share < LEAST_KNOWN:
            raise LacunaError(
                f"{path}: {share:.1%} of its {len(symbols):,} genes ({listed(named or genes, 3)}) "
                f"are known human genes; expected at least {LEAST_KNOWN:.0%}. Are they genes of "
                "another species, or named in another way?"
            )
    elif sum(name == name.upper() for name in named) < LEAST_CAPITALS * len(named):
        raise LacunaError(
            f"{path}: most of its genes ({listed(named, 3)}) are not in capitals, as "
            "symbols of mice; expected human genes."
        )
    return symbols, kind
