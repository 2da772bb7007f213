"""The product, or a part of it, as a file to take away: h5ad, GCTX, GCT or a table of text."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.completion.completed import column_id
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.explore.answers_gene import Wanted, choose
from lacuna.explore.index import Index
from lacuna.explore.names import find_drug
from lacuna.io.convert import WRITERS, CheckedMatrix
from lacuna.io.gctx_matrix import GctxMatrix
from lacuna.io.h5ad_rows import read_layers
from lacuna.io.h5ad_write import Block, write_h5ad
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.io.tsv import write_table
from lacuna.vectors import slices

AT_ONCE = 4096  # profiles of a block
H5AD = ".h5ad"
FACTS = "_profiles.tsv"  # put in place of the ending of a table, which has no room for them


class Exported(NamedTuple):
    """What was written.

    Attributes
    ----------
    profiles, of_all, genes : int
    paths : list of Path
    """

    profiles: int
    of_all: int
    genes: int
    paths: list[Path]


def export(
    index: Index, folder: Path, destination: Path, drugs: tuple[str, ...], wanted: Wanted
) -> Exported:
    """Write profiles of the product, block by block, with all that it says of them.

    Parameters
    ----------
    index
        The product's.
    folder
        results/{dataset}.
    destination
        The file, which appears whole or not at all. Its ending says the layout: .h5ad (profiles x
        genes, with all layers), .gctx, .gct, .tsv, .txt or .csv (genes x profiles; beside a table,
        NAME_profiles.tsv says of what each column is).
    drugs
        As `lacuna.explore.names` finds them; all without any.
    wanted
        Which profiles.

    Raises
    ------
    DamagedFile
        If the product is damaged.
    LacunaError
        If the ending is not known, the product is gone or another than the index, the destination
        is one of the run's files, or nothing is left to write.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    ending = _ending(destination)
    source = folder / "completed" / f"{index.method}{H5AD if ending == H5AD else '.gctx'}"
    if not source.is_file():
        raise LacunaError(
            f"{source}: no such file. The index alone cannot be exported; run again, and the "
            "workflow makes it."
        )
    if destination.exists() and destination.resolve().is_relative_to(folder.resolve()):
        raise LacunaError(f"{destination}: is a file of the run; expected another to write.")
    rows = _chosen(index, drugs, wanted)
    if ending == H5AD:
        _export_h5ad(source, destination, rows, len(index.profiles))
        return Exported(len(rows), len(index.profiles), len(index.genes), [destination])
    paths = [destination]
    with _Part(source, _ids(index, rows)) as part:
        matrix = CheckedMatrix(part)
        if WRITERS[ending](matrix, destination):
            beside = destination.with_name(destination.name.removesuffix(ending) + FACTS)
            facts = matrix.about_samples.replace(MISSING_NUMBER, np.nan)
            write_table(facts.rename_axis("profile").reset_index(), beside)
            paths.append(beside)
    return Exported(len(rows), len(index.profiles), len(index.genes), paths)


class _Part(GctxMatrix):
    """Some columns of a product."""

    def __init__(self, path: Path, ids: list[str]):
        self._ids = ids
        super().__init__(path)

    def _read_names(self) -> None:
        super()._read_names()
        missing = pd.Index(self._ids).difference(self.samples.index)
        if len(missing):
            raise LacunaError(
                f"{self.path}: has no profiles {listed(missing)}: it is not the product that was "
                "indexed. Run again: the workflow makes what is out of date."
            )
        self.samples = self.samples.loc[self._ids]

    def _values(self, positions: np.ndarray) -> np.ndarray:
        return self._gctx.read_any(self._gctx.rows, self.samples.index[positions])


def _export_h5ad(source: Path, destination: Path, rows: np.ndarray, of_all: int) -> None:
    held = read_layers(source)
    if len(held.obs) != of_all:
        raise LacunaError(
            f"{source}: has {len(held.obs):,} profiles, the index {of_all:,}: it is not the "
            "product that was indexed. Run again: the workflow makes what is out of date."
        )

    def blocks() -> Iterator[dict[str, Block]]:
        for part in slices(len(rows), AT_ONCE):
            yield {name: matrix.read(rows[part]) for name, matrix in held.matrices.items()}

    obs = held.obs.iloc[rows]
    texts = obs.select_dtypes("category").columns
    obs = obs.assign(**{name: obs[name].cat.remove_unused_categories() for name in texts})
    write_h5ad(destination, blocks(), obs, held.var, held.uns)


def _chosen(index: Index, drugs: tuple[str, ...], wanted: Wanted) -> np.ndarray:
    chosen = choose(index, wanted)
    if drugs:
        places = [find_drug(index, drug) for drug in drugs]
        chosen &= np.isin(index.profiles["drug"].to_numpy(), places)
        if not chosen.any():
            raise LacunaError(
                "no profile of these drugs is left by --cell, --source and --min-r; ask for less."
            )
    return np.flatnonzero(chosen)


def _ids(index: Index, rows: np.ndarray) -> list[str]:
    drugs = index.drugs["drug"].to_numpy()[index.profiles["drug"].to_numpy()[rows]]
    cells = index.cells["cell"].to_numpy()[index.profiles["cell"].to_numpy()[rows]]
    return [column_id(*place) for place in zip(drugs, cells, strict=True)]


def _ending(path: Path) -> str:
    name = path.name.lower()
    found = [ending for ending in WRITERS if name.endswith(ending)]
    if not found:
        own = "".join(path.suffixes[-2:])
        raise LacunaError(
            f"{path}: the ending {own!r} says no layout{did_you_mean(own, WRITERS)}; expected one "
            f"of {listed(WRITERS, 20)}."
        )
    return max(found, key=len)
