"""Colours and lines: one of each per method, the same in every figure that shows these methods."""

from collections.abc import Sequence

import seaborn as sns

MEASURED, MISSING = "#26456e", "#f2f2f2"
SHADES = ("#26456e", "#b8b8b8")  # of two things compared
SHADES_OF_THREE = (*SHADES, "#c8703c")

LineStyle = str | tuple[int, tuple[int, ...]]  # matplotlib's name, or offset and lengths of dashes
LINES: tuple[LineStyle, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def method_colours(methods: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """Return a colour per method as red, green and blue (0 to 1).

    They go from dark to light in the order of the methods, so they differ in grey, too.
    """
    palette = sns.color_palette("viridis", as_cmap=True)
    return {method: palette(i / len(methods))[:3] for i, method in enumerate(methods)}


def method_lines(methods: Sequence[str]) -> dict[str, LineStyle]:
    """Return a line style per method; the seventh method has that of the first again."""
    return {method: LINES[i % len(LINES)] for i, method in enumerate(methods)}
