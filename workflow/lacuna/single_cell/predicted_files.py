"""Writes predictions of new cells: the cells, and tables of what changes in their mean."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.atomic import write_whole
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.tsv import write_table
from lacuna.single_cell.predict import Prediction

H5AD, TSV = ".h5ad", ".tsv"


def outputs_of(output: Path) -> list[Path]:
    """Return what is written: the file that is named, and the tables beside it.

    Raises
    ------
    LacunaError
        If the name is neither that of an h5ad nor that of a table.
    """
    name = output.name.removesuffix(".gz") if output.name.endswith(f"{TSV}.gz") else output.name
    ending = next((known for known in (H5AD, TSV) if name.endswith(known)), "")
    if not ending or name == ending:
        raise LacunaError(
            f"{output}: expected a name that ends with {H5AD} (all cells, with tables beside it) "
            f"or {TSV} (the tables alone)."
        )
    stem, packed = name.removesuffix(ending), output.name.removeprefix(name)
    tables = [output.with_name(f"{stem}{part}{TSV}{packed}") for part in ("", "_genes")]
    return [output, *tables] if ending == H5AD else tables


def write_prediction(
    prediction: Prediction, output: Path, said: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[Path]]:
    """Write cells and tables; all of them appear, or none.

    Parameters
    ----------
    prediction
        What to write.
    output
        The h5ad, or the table where cells are not wanted; see `outputs_of`.
    said
        Where it is from, for `uns` of the h5ad.

    Returns
    -------
    summary : DataFrame with columns `SUMMARY`
    paths : list of Path

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    paths = outputs_of(output)
    with ExitStack() as stack:
        unfinished = [stack.enter_context(write_whole(path)) for path in paths]
        *of_cells, summary_path, genes_path = unfinished
        if of_cells:
            uns = {"lacuna": dict(said)}
            write_h5ad(of_cells[0], prediction.blocks(), prediction.obs, prediction.var, uns)
        else:
            for _ in prediction.blocks():
                pass
        summary, genes = prediction.tables()
        write_table(summary, summary_path)
        write_table(genes, genes_path)
    return summary, paths


def doubts(summary: pd.DataFrame) -> list[str]:
    """Return where the network is further off untreated cells than a drug changes them, in words.

    Parameters
    ----------
    summary
        See `write_prediction`.
    """
    weak = summary[(summary["change"] > 0) & (summary["off"] > summary["change"])]
    if weak.empty:
        return []
    lines = listed(dict.fromkeys(weak["line"]))
    return [
        f"In {len(weak)} of {len(summary)} predictions (lines {lines}) the network is further off "
        "the untreated cells (off) than the drug changes them (change): compare predicted cells "
        "with untreated as predicted, and not with those measured."
    ]
