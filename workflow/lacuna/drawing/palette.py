"""Colours and lines: one of each per method, the same in every figure that shows these methods."""

from collections.abc import Sequence

import numpy as np

MEASURED, MISSING = "#26456e", "#f2f2f2"
SHADES = ("#26456e", "#b8b8b8")  # of two things compared
SHADES_OF_THREE = (*SHADES, "#c8703c")

Colour = tuple[float, float, float]
LineStyle = str | tuple[int, tuple[int, ...]]  # matplotlib's name, or offset and lengths of dashes
LINES: tuple[LineStyle, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))

DARK, LIGHT = 15.0, 70.0  # CIE L* of the first colour and of the last, which is seen on white
# Degrees in CIE L*C*h: blue, ochre, violet, teal. To those who cannot tell red from green they
# are bluish and yellowish by turns, so that neighbours differ by more than lightness.
HUES = (265.0, 75.0, 300.0, 170.0)
CHROMA = 62.0  # at most; less where screens show less
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65
TO_RGB = np.array(  # IEC 61966-2-1
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)


def method_colours(methods: Sequence[str]) -> dict[str, Colour]:
    """Return a colour per method as red, green and blue (0 to 1).

    They go from dark to light in the order of the methods, so they differ in grey, too, and from
    hue to hue. Figures that show some of a run's methods ask for the colours of all of them.
    """
    steps = np.linspace(DARK, LIGHT, max(len(methods), 2))
    return {
        method: _shown(steps[number], HUES[number % len(HUES)])
        for number, method in enumerate(methods)
    }


def method_lines(methods: Sequence[str]) -> dict[str, LineStyle]:
    """Return a line style per method; the seventh method has that of the first again."""
    return {method: LINES[i % len(LINES)] for i, method in enumerate(methods)}


def _shown(lightness: float, hue: float) -> Colour:
    """Return the most colourful sRGB of a lightness and a hue, up to `CHROMA`."""
    for chroma in np.arange(CHROMA, 0, -1):
        linear = _linear(lightness, chroma, hue)
        if (linear >= 0).all() and (linear <= 1).all():
            break
    linear = np.clip(linear, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.round(rgb, 6).tolist()
    return red, green, blue


def _linear(lightness: float, chroma: float, hue: float) -> np.ndarray:
    """Return linear red, green and blue of a colour in CIE L*C*h (CIE 15:2004)."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    middle = (lightness + 16) / 116
    f = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = WHITE * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return TO_RGB @ xyz
