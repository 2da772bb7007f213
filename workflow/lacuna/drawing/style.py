"""The looks that all figures share, and how they are saved: the same bytes each time."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from lacuna.io.atomic import write_whole
from lacuna.io.tsv import guard_formulas, write_table

mpl.use("Agg")
mpl.rcParams.update(
    {
        "svg.hashsalt": "lacuna",
        "svg.fonttype": "path",
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "figure.dpi": 100,
        "savefig.dpi": 200,
        "image.interpolation": "nearest",
        "text.parse_math": False,  # a drug's name may hold dollars
    }
)


def save_figure(figure: Figure, table: pd.DataFrame, outputs: Sequence[str | Path]) -> None:
    """Write a figure as SVG and PNG, the same bytes each time, and the table it draws.

    Parameters
    ----------
    figure
        The figure.
    table
        What it draws. It is written for people, safe to open in a spreadsheet: see
        `lacuna.io.tsv.guard_formulas`.
    outputs
        Paths that end with .svg, .png or .tsv.

    Raises
    ------
    UnwritableFile
        If the disk is full, or a folder may not be written to.
    """
    for path in map(Path, outputs):
        if path.suffix == ".tsv":
            write_table(guard_formulas(table), path)
            continue
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with write_whole(path) as unfinished:
            figure.savefig(
                unfinished, format=path.suffix[1:], metadata=metadata, bbox_inches="tight"
            )
