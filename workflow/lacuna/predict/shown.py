"""The answer for drugs of the user's own, as a terminal, a table or a file shows it."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lacuna.completion.completed import MEASURED, PREDICTED, column_id, gene_names
from lacuna.completion.interface import Completion
from lacuna.completion.tiers import tier_of
from lacuna.io.tsv import write_table
from lacuna.predict.answer import Answer

TOP = 5  # genes that move most, up and down


def profiles_of(answer: Answer) -> tuple[pd.DataFrame, np.ndarray]:
    """Return all profiles of an answer, which must fit into memory.

    Returns
    -------
    DataFrame
        name, cell, source, expected_r, tier, norm, stderr (NaN where measured), see
        `lacuna.completion.writer`.
    float32 array of shape (rows, genes)
    """
    grid, blocks = answer.grid, list(answer.completions())
    pairs = np.argwhere(np.ones_like(grid.measured))
    position = grid.find(pairs)
    held = position >= 0
    profiles = np.empty((len(pairs), len(grid.genes)), np.float32)
    profiles[held] = grid.profiles[position[held]]
    stderr = np.full(len(pairs), np.nan)
    expected = np.full(len(pairs), np.nan)
    if grid.reliability is not None and "signal" in grid.reliability:
        expected[held] = grid.reliability["signal"].to_numpy(float)[position[held]]
    if blocks:
        filling = Completion.join(blocks)
        profiles[~held] = filling.profiles
        expected[~held] = answer.expect(filling, pairs[~held])
        if filling.stderr is not None:
            stderr[~held] = filling.stderr
    table = pd.DataFrame(
        {
            "name": grid.drugs[pairs[:, 0]],
            "cell": grid.cells[pairs[:, 1]],
            "source": np.where(held, MEASURED, PREDICTED),
            "expected_r": expected,
            "tier": tier_of(expected),
            "norm": np.linalg.norm(profiles, axis=1),
            "stderr": stderr,
        }
    )
    return table, profiles


def top_genes(answer: Answer, profiles: np.ndarray, top: int = TOP) -> pd.DataFrame:
    """Return the genes that each profile moves most: up and down, symbols, largest change first."""
    names = gene_names(answer.run.genes).to_numpy(object)
    order = np.argsort(profiles, axis=1, kind="stable")
    return pd.DataFrame(
        {
            "up": [" ".join(names[row[::-1][:top]]) for row in order],
            "down": [" ".join(names[row[:top]]) for row in order],
        }
    )


def write_answer(answer: Answer, path: Path) -> None:
    """Write all profiles, in the layout that the file's name asks for.

    A table has genes in rows, with their symbols, and a drug in a cell in each column; GCTX and
    h5ad are laid out as the product.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    if path.name.endswith((".tsv", ".tsv.gz")):
        table, profiles = profiles_of(answer)
        ids = [column_id(*place) for place in zip(table["name"], table["cell"], strict=True)]
        genes = answer.run.genes[["gene", "symbol"]]
        return write_table(genes.join(pd.DataFrame(profiles.T, columns=ids)), path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".predict-", dir=path.parent) as folder:
        made = Path(folder) / "predicted.gctx"
        answer.write(made)
        os.replace(made.with_suffix(path.suffix), path)
