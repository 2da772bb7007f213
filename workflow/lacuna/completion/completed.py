"""The finished tensor, as users take it away: one GCTX with every drug in every cell."""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.io.gctx import write_gctx
from lacuna.io.geo import MISSING_NUMBER
from lacuna.tensor.profiles import ProfileSet


def write_completed(
    path: str | Path,
    tensor: ProfileSet,
    completion: Completion,
    *,
    drugs: pd.DataFrame,
    cells: pd.DataFrame,
    genes: pd.DataFrame,
) -> None:
    """Write measured profiles as measured and all others as predicted.

    Parameters
    ----------
    path
        The GCTX file.
    tensor
        The measured profiles.
    completion
        The predicted ones, in the order of `tensor.missing_pairs`.
    drugs, cells, genes
        As `lacuna.tensor.labels.describe_axes` returns them.

    Notes
    -----
    Columns go by drug, then cell; their ids are drug:cell. Column metadata: pert_id, pert_iname,
    cell_id, source (measured or predicted), fallback (1 where a plain mean stands for want of
    anything nearer), norm (length of the profile: 1 when measured; a prediction is as the method
    made it, shorter where the method is less certain), stderr (the standard error of a predicted
    entry, on average over the profile; -666 when measured or not stated), replicates and acd (-666
    when predicted or not replicated).
    """
    pairs = np.argwhere(np.ones_like(tensor.measured))
    at = tensor.find(pairs)
    measured = at >= 0
    matrix = np.empty((len(pairs), len(tensor.genes)), dtype=np.float32)
    matrix[measured] = tensor.profiles[at[measured]]
    matrix[~measured] = completion.profiles
    drug, cell = pairs.T
    columns = pd.DataFrame(
        {
            "pert_id": tensor.drugs[drug],
            "pert_iname": drugs["name"].to_numpy()[drug],
            "cell_id": tensor.cells[cell],
            "cell_lineage": cells["lineage"].to_numpy()[cell],
            "source": np.where(measured, "measured", "predicted"),
            "fallback": 0,
            "norm": np.linalg.norm(matrix, axis=1),
            "stderr": float(MISSING_NUMBER),
        }
    )
    if completion.stderr is not None:
        stderr = completion.stderr
        columns.loc[~measured, "stderr"] = stderr if stderr.ndim == 1 else stderr.mean(axis=1)
    if completion.fallback is not None:
        columns.loc[~measured, "fallback"] = completion.fallback.astype(int)
    for name in ("replicates", "acd"):
        known = tensor.reliability[name].to_numpy()
        columns[name] = np.where(measured, known[at], MISSING_NUMBER)
        columns[name] = columns[name].fillna(MISSING_NUMBER)
    columns.index = pd.Index(columns["pert_id"] + ":" + columns["cell_id"], name="id")
    rows = pd.DataFrame({"pr_gene_symbol": genes["symbol"].to_numpy()}, index=tensor.genes)
    write_gctx(path, matrix, rows, columns)
