"""Colours of methods: told apart on screen, in grey, and by who cannot tell red from green."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lacuna.drawing.palette import method_colours

# Viénot, Brettel and Mollon 1999, Color Res Appl 24:243:
# linear RGB to cones, and how what a missing kind of cone would see follows from the others.
TO_LMS = np.array(
    [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
)
MISSING = {
    "none": np.eye(3),
    "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colours, missing="none"):
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = linear @ (np.linalg.inv(TO_LMS) @ MISSING[missing] @ TO_LMS).T
    xyz = np.clip(seen, 0, None) @ TO_XYZ.T / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def distances(colours, missing):
    seen = lab(colours, missing)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    return apart[np.triu_indices(len(colours), 1)], apart.diagonal(1)


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize(("count", "least", "neighbours"), [(4, 45, 45), (8, 20, 45), (12, 9, 40)])
def test_methods_are_told_apart_also_by_colour_blind_readers(missing, count, least, neighbours):
    every, beside = distances(
        list(method_colours([f"m{i}" for i in range(count)]).values()), missing
    )
    assert every.min() > least
    assert beside.min() > neighbours


def test_colours_are_seen_on_white():
    for count in (1, 2, 8, 20):
        assert lab(method_colours([f"m{i}" for i in range(count)]).values())[:, 0].max() < 71


def test_a_colour_hangs_on_the_place_among_all_methods():
    every = method_colours(["a", "b", "c"])
    assert method_colours(["a", "b", "c"]) == every
    assert len(set(every.values())) == 3
