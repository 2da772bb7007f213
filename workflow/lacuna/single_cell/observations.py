"""Observations in memory, or in a file that is read in blocks; written once, read by all.

The file is h5ad (https://doi.org/10.21105/joss.04371): obs, var, X as `interface.Kind` says, and
layers/counts where these are known. The drugs stand in a table beside it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.h5ad_rows import Matrix, read_layers
from lacuna.io.h5ad_write import Block, X, write_h5ad
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.interface import CONTROL, DRUGS, OBS, Kind, Observations

COUNTS = "counts"  # the layer
IN_MEMORY = 2**30  # bytes of a file's matrices that are read as a whole
AT_ONCE = 4096  # rows in a block
TOGETHER = 256  # rows that stay neighbours where a file is read in random order
WINDOW = 2**15  # rows in memory where a file is read in random order: 260 MB of 2,000 genes
Which = Literal["rows", "counts"]


class _Tables(ABC):
    """What observations in memory and in a file have in common."""

    in_memory: bool

    def __init__(self, kind: Kind, obs: pd.DataFrame, drugs: pd.DataFrame, genes: pd.Index) -> None:
        _check(kind, obs, drugs, genes)
        self.kind, self.obs, self.drugs = kind, obs, drugs
        self.genes = genes.astype(object)
        self.has_counts = False

    def rows(self, positions: np.ndarray, genes: pd.Index | None = None) -> np.ndarray:
        """Return expression of observations, float32 of shape (n, genes), in the order asked."""
        return self._read(X, np.asarray(positions), genes)

    def counts(self, positions: np.ndarray, genes: pd.Index | None = None) -> np.ndarray:
        """Return counts of observations, float32 of whole numbers, of the same shape.

        Raises
        ------
        LacunaError
            If these are not known.
        """
        if not self.has_counts:
            raise LacunaError(
                f"single_cell: these {self.kind} have no counts, and none can be made of "
                "logarithms. Give a file of counts (scale: counts)."
            )
        return self._read(COUNTS, np.asarray(positions), genes)

    def columns(self, genes: pd.Index | None) -> np.ndarray | None:
        """Return where genes stand; None for all, in their order.

        Raises
        ------
        LacunaError
            If one was not measured.
        """
        if genes is None or genes.equals(self.genes):
            return None
        at = self.genes.get_indexer(genes)
        if (at < 0).any():
            raise LacunaError(
                f"single_cell: {int((at < 0).sum())} of {len(genes)} genes were not measured: "
                f"{listed(genes[at < 0])}. Prepare targets and folds anew."
            )
        return at

    @abstractmethod
    def _read(self, name: str, positions: np.ndarray, genes: pd.Index | None) -> np.ndarray:
        """Return a part of the matrix of a name."""


class InMemory(_Tables):
    """Observations in memory, see `interface.Observations`.

    Parameters
    ----------
    kind, obs, drugs, genes
        As there.
    matrix : array or CSR of shape (observations, genes)
        What `rows` gives.
    counts : array or CSR of the same shape, or None

    Raises
    ------
    ValueError
        If they do not belong together.
    """

    in_memory = True

    def __init__(
        self,
        kind: Kind,
        obs: pd.DataFrame,
        drugs: pd.DataFrame,
        genes: pd.Index,
        matrix: Block,
        counts: Block | None = None,
    ) -> None:
        super().__init__(kind, obs, drugs, genes)
        self._matrices = {X: matrix} | ({} if counts is None else {COUNTS: counts})
        for name, values in self._matrices.items():
            if values.shape != (len(obs), len(genes)):
                raise ValueError(f"{name} of shape {values.shape}: {len(obs)} x {len(genes)}")
        self.has_counts = counts is not None
        self._cut: dict[str, tuple[np.ndarray, Block]] = {}

    def save(self, h5ad: str | Path, drugs: str | Path) -> None:
        """Write them; see `write_observations`."""
        blocks = (
            {name: values[first : first + AT_ONCE] for name, values in self._matrices.items()}
            for first in range(0, len(self.obs), AT_ONCE)
        )
        write_observations(h5ad, drugs, self.kind, self.obs, self.drugs, self.genes, blocks)

    def _read(self, name: str, positions: np.ndarray, genes: pd.Index | None) -> np.ndarray:
        at = self.columns(genes)
        values = self._matrices[name]
        if at is not None and sparse.issparse(values):
            # Networks ask for the same genes batch by batch.
            if name not in self._cut or not np.array_equal(self._cut[name][0], at):
                self._cut[name] = at, values[:, at]
            values, at = self._cut[name][1], None
        return _dense(values[positions], at)


class _InFile(_Tables):
    """Observations in a file."""

    in_memory = False

    def __init__(
        self,
        kind: Kind,
        obs: pd.DataFrame,
        drugs: pd.DataFrame,
        genes: pd.Index,
        matrices: dict[str, Matrix],
    ) -> None:
        super().__init__(kind, obs, drugs, genes)
        self._matrices = matrices
        self.has_counts = COUNTS in matrices

    def _read(self, name: str, positions: np.ndarray, genes: pd.Index | None) -> np.ndarray:
        at = self.columns(genes)
        unique, which = np.unique(positions, return_inverse=True)
        found = np.empty((len(unique), len(self.genes if at is None else at)), np.float32)
        for first in range(0, len(unique), AT_ONCE):
            block = self._matrices[name].read(unique[first : first + AT_ONCE])
            found[first : first + AT_ONCE] = _dense(block, at)
        return found if np.array_equal(unique, positions) else found[which]


def open_observations(
    h5ad: str | Path, drugs: str | Path, in_memory: int = IN_MEMORY
) -> InMemory | _InFile:
    """Open what `write_observations` wrote.

    Parameters
    ----------
    h5ad, drugs
        The files.
    in_memory
        Bytes: matrices of fewer are read as a whole, others stay in the file.

    Raises
    ------
    DamagedFile
        If a file is damaged, or they do not belong together.
    LacunaError
        If a file is missing.
    """
    layers = read_layers(h5ad)
    table = read_drugs(drugs)
    genes = pd.Index(layers.var.index.astype(str).astype(object))
    try:
        obs = layers.obs.astype({"drug": str, "line": str}).astype(
            {"drug": object, "line": object, "dose": float, "control": bool}
        )
        kind = str(layers.uns["kind"])
        if sum(matrix.size for matrix in layers.matrices.values()) >= in_memory:
            return _InFile(kind, obs, table, genes, layers.matrices)  # type: ignore[arg-type]
        read = {name: matrix.read() for name, matrix in layers.matrices.items()}
        return InMemory(kind, obs, table, genes, read[X], read.get(COUNTS))  # type: ignore[arg-type]
    except (KeyError, ValueError) as error:
        raise DamagedFile(
            h5ad,
            f"is not what single_cell prepares ({error}), or {drugs} belongs to another "
            "file. Delete both and run again.",
        ) from error


def write_observations(
    h5ad: str | Path,
    drugs_table: str | Path,
    kind: Kind,
    obs: pd.DataFrame,
    drugs: pd.DataFrame,
    genes: pd.Index,
    blocks: Iterable[dict[str, Block]],
    said: dict[str, Any] | None = None,
) -> None:
    """Write observations, a block at a time.

    Parameters
    ----------
    h5ad, drugs_table
        The files; each appears whole or not at all.
    kind, obs, drugs, genes
        See `interface.Observations`.
    blocks
        By name, X and where known `COUNTS`: arrays or CSR of shape (n, genes), below each other.
    said
        More facts, for `uns` of the file.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If tables and blocks do not belong together.
    """
    _check(kind, obs, drugs, genes)
    # Categories keep a name that stands in a million rows once.
    kept = obs.astype({"drug": "category", "line": "category"})
    var = pd.DataFrame(index=genes.astype(str))
    write_h5ad(h5ad, blocks, kept, var, {"kind": kind, **(said or {})})
    write_drugs(drugs, drugs_table)


def write_drugs(drugs: pd.DataFrame, path: str | Path) -> None:
    """Write a table of drugs, see `interface.DRUGS`."""
    write_table(drugs[DRUGS].rename_axis("drug").reset_index(), path)


def read_drugs(path: str | Path) -> pd.DataFrame:
    """Read a table of drugs: columns `interface.DRUGS`, by drug.

    Raises
    ------
    LacunaError
        If it is not what `write_drugs` wrote.
    """
    table = read_table(path)
    if missing := [name for name in ("drug", *DRUGS) if name not in table]:
        raise LacunaError(f"{path}: no column {listed(missing)}; delete it and run again.")
    texts = table.fillna("").astype(str).astype(object)
    return texts.set_index("drug")[DRUGS]


def blocks_of(
    observations: Observations,
    positions: np.ndarray,
    genes: pd.Index | None = None,
    *,
    which: Which = "rows",
    size: int = AT_ONCE,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions in rising order, and their rows (or counts), a block at a time."""
    rising = np.sort(positions)
    for first in range(0, len(rising), size):
        chosen = rising[first : first + size]
        yield chosen, getattr(observations, which)(chosen, genes)


def sparse_rows(
    observations: Observations, positions: np.ndarray, genes: pd.Index | None = None
) -> sparse.csr_matrix:
    """Return rows of observations, by rising positions, as CSR of shape (n, genes)."""
    parts = [sparse.csr_matrix(rows) for _, rows in blocks_of(observations, positions, genes)]
    return sparse.vstack(parts, format="csr")


def batches(
    observations: Observations,
    positions: np.ndarray,
    size: int,
    rng: np.random.Generator,
    window: int = WINDOW,
    genes: pd.Index | None = None,
    *,
    which: Which = "rows",
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield all of some observations once, in random order, a batch at a time.

    In memory, the order is a permutation. In a file, pieces of some neighbours are drawn until a
    window is full, and the window is mixed.

    Parameters
    ----------
    observations
        From `open_observations`, or others, which count as in memory.
    positions
        Of the observations wanted; a position may come twice.
    size
        Of a batch; the last may be smaller.
    rng
        Draws the order.
    window
        Rows in memory.
    genes
        As `Observations.rows` has them.
    which
        What is yielded: "rows" or "counts".

    Yields
    ------
    positions : int array of shape (n,)
    values : float32 array of shape (n, genes)
    """
    positions = np.asarray(positions)
    read = getattr(observations, which)
    if getattr(observations, "in_memory", True):
        order = rng.permutation(positions)
        for first in range(0, len(order), size):
            yield order[first : first + size], read(order[first : first + size], genes)
        return
    rising = np.sort(positions)
    pieces = [rising[first : first + TOGETHER] for first in range(0, len(rising), TOGETHER)]
    drawn = rng.permutation(len(pieces))
    at_once = max(1, window // TOGETHER)
    left = np.zeros(0, positions.dtype), np.zeros((0, 0), np.float32)
    for first in range(0, len(drawn), at_once):
        chosen = np.sort(np.concatenate([pieces[n] for n in drawn[first : first + at_once]]))
        mixed = rng.permutation(len(chosen))
        values = read(chosen, genes)
        left = (
            np.concatenate([left[0], chosen[mixed]]),
            np.concatenate([left[1].reshape(-1, values.shape[1]), values[mixed]]),
        )
        last = first + at_once >= len(drawn)
        whole = len(left[0]) if last else len(left[0]) // size * size
        for start in range(0, whole, size):
            yield left[0][start : start + size], left[1][start : start + size]
        left = left[0][whole:], left[1][whole:]


def _dense(rows: Block, at: np.ndarray | None) -> np.ndarray:
    if at is not None:
        rows = rows[:, at]
    values = rows.toarray() if sparse.issparse(rows) else rows
    return np.ascontiguousarray(values, np.float32)


def _check(kind: str, obs: pd.DataFrame, drugs: pd.DataFrame, genes: pd.Index) -> None:
    if kind not in get_args(Kind):
        raise ValueError(f"kind {kind!r}, expected {listed(get_args(Kind))}")
    if missing := [name for name in OBS if name not in obs]:
        raise ValueError(f"obs lacks {listed(missing)}")
    if missing := [name for name in DRUGS if name not in drugs]:
        raise ValueError(f"drugs lack {listed(missing)}")
    for what, names in (("observation", obs.index), ("drug", drugs.index), ("gene", genes)):
        if not names.is_unique:
            raise ValueError(f"{what} {names[names.duplicated()][0]!r} stands twice")
    control = obs["control"].to_numpy(bool)
    if CONTROL in drugs.index or not ((obs["drug"] == CONTROL).to_numpy() == control).all():
        raise ValueError(f"{CONTROL!r} is the drug of controls and of nothing else")
    if unknown := sorted(set(obs["drug"].unique()) - {CONTROL, *drugs.index}):
        raise ValueError(f"drugs {listed(unknown)} are not in the table of drugs")
    dose = obs["dose"].to_numpy(float)
    if not (np.isfinite(dose).all() and (dose[control] == 0).all() and (dose[~control] > 0).all()):
        raise ValueError("a dose is not finite, 0 of a drug, or not 0 of a control")
