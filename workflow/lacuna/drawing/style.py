"""What all figures share: fonts, a colour and a line per method, and how they are saved."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from lacuna.io.atomic import whole
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
MEASURED, MISSING = "#26456e", "#f2f2f2"
SHADES = ("#26456e", "#b8b8b8")  # of two things compared
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1))]


def method_colours(methods: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """Return a colour per method, from dark to light: told apart in grey, too."""
    palette = sns.color_palette("viridis", as_cmap=True)
    return {method: palette(i / len(methods))[:3] for i, method in enumerate(methods)}


def method_lines(methods: Sequence[str]) -> dict[str, object]:
    """Return a line style per method."""
    return {method: LINES[i % len(LINES)] for i, method in enumerate(methods)}


def save_figure(figure: Figure, table: pd.DataFrame, outputs: Sequence[str | Path]) -> None:
    """Write a figure as SVG and PNG, the same bytes each time, and the table it draws.

    The table is for people, and safe to open in a spreadsheet: see `guard_formulas`.
    """
    for path in map(Path, outputs):
        if path.suffix == ".tsv":
            write_table(guard_formulas(table), path)
            continue
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with whole(path) as unfinished:
            figure.savefig(
                unfinished, format=path.suffix[1:], metadata=metadata, bbox_inches="tight"
            )
