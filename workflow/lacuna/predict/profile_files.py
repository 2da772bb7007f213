"""Writes what a model made of profiles of the user's own, in the layouts of the product."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lacuna.completion.cell_model import METHOD
from lacuna.completion.completed import column_id
from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.completion.writer import write_completed
from lacuna.io.tsv import write_table
from lacuna.predict.from_profile import FromProfile
from lacuna.tensor.profiles import ProfileSet


def write_prediction(answer: FromProfile, path: Path) -> None:
    """Write all genes of the prediction, in the layout that the file's name asks for.

    Parameters
    ----------
    answer
        The prediction.
    path
        FILE.tsv (or .tsv.gz), FILE.gctx or FILE.h5ad; see `lacuna.predict.shown.check_output`.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    kept, to = answer.model.kept, answer.model.called(answer.cell)
    on = kept.trained_on
    if path.name.endswith((".tsv", ".tsv.gz")):
        column = pd.DataFrame({column_id(answer.name, to): answer.profile})
        return write_table(on.genes.join(column), path)
    none = pd.DataFrame({name: np.empty(0) for name in ("replicates", "acd")})
    nothing = np.empty(0, int)
    grid = ProfileSet(
        np.empty((0, len(on.genes)), np.float32),
        nothing,
        nothing,
        np.array([answer.name], object),
        np.array([to], object),
        on.genes["gene"].to_numpy(object),
        none,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".predict-", dir=path.parent) as folder:
        made = Path(folder) / "predicted.gctx"
        write_completed(
            made,
            grid,
            [Completion(answer.profile[None])],
            drugs=pd.DataFrame({"drug": grid.drugs, "name": grid.drugs}),
            cells=pd.DataFrame({"cell": grid.cells, "lineage": ""}),
            genes=on.genes,
            facts={
                **on.facts,
                "simulated": on.facts.get("simulated") == "true",
                "method": on.name,
                "method_label": method_label(METHOD),
                "predicted_by": f"profiles in other cells: {', '.join(answer.given.names)}"[:1000],
            },
        )
        os.replace(made.with_suffix(path.suffix), path)
