"""AnnData files (.h5ad), written in blocks: samples x genes, dense float32."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from lacuna.io.atomic import write_whole

SAMPLES_PER_CHUNK = 64


def write_h5ad(
    path: str | Path,
    blocks: Iterable[np.ndarray],
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict[str, Any],
) -> None:
    """Write a matrix with what is known of its samples and genes, a block of samples at a time.

    anndata writes all but the matrix, which it would want in memory.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    blocks
        Arrays of shape (n, genes), one below the other.
    obs, var
        Of samples and genes, indexed by their names.
    uns
        Facts about the whole.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If the blocks and the names differ in number.
    """
    import anndata  # takes a second

    with write_whole(path) as unfinished:
        anndata.AnnData(obs=obs, var=var, uns=uns).write_h5ad(unfinished)
        with h5py.File(unfinished, "r+") as file:
            if "X" in file:
                del file["X"]
            shape = len(obs), len(var)
            chunks = (min(SAMPLES_PER_CHUNK, shape[0]), shape[1]) if all(shape) else None
            matrix = file.create_dataset("X", shape, np.float32, chunks=chunks)
            matrix.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
            done = 0
            for block in blocks:
                if block.shape[1:] != shape[1:] or done + len(block) > shape[0]:
                    raise ValueError(f"a block of shape {block.shape} in a matrix of {shape}")
                matrix[done : done + len(block)] = block
                done += len(block)
            if done != shape[0]:
                raise ValueError(f"{done} samples in a matrix of {shape}")
