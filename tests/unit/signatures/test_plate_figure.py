"""The figure of plates: names that can be read, and counts on whole numbers."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lacuna.signatures.figures import plate_quality
from lacuna.tensor.figures import coverage


def quality(plates=9, wells=24):
    names = [f"SIM001_SIMBRE{number}_24H_X2" for number in range(plates)]
    table = pd.DataFrame({"plate": names, "vehicle_wells": wells})
    table["common"] = 0.05 - 1e-5 * np.arange(plates)  # all but equal, so that names would meet
    table = table.assign(replicate_cosine=0.1, mismatch_cosine=0.01, significant=0.5)
    return pd.concat([table.assign(reference=name) for name in ("vehicle", "plate", "shrunk")])


def rendered(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


@pytest.mark.parametrize("wells", [1, 24])
def test_names_of_the_worst_plates_do_not_cover_each_other(wells):
    figure = plate_quality.draw(quality(wells=wells), "vehicle", "data")
    renderer, axes = rendered(figure), figure.axes[2]
    boxes = [Text.get_window_extent(text, renderer) for text in axes.texts]
    names = [axes.get_window_extent(renderer).contains(box.x1, box.y1) for box in boxes]
    assert len(boxes) == plate_quality.WORST_NAMED and all(names)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize("wells", [1, 24, [4] * 5 + [6] * 4])
def test_wells_are_counted_in_whole_numbers(wells):
    figure = plate_quality.draw(quality(wells=wells), "vehicle", "data")
    rendered(figure)
    axes = figure.axes[2]
    low, high = axes.get_xlim()
    shown = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert shown and all(tick == round(tick) for tick in shown)


@pytest.mark.parametrize(("shape", "said"), [((1, 1), "1 drug,"), ((3, 2), "3 drugs,")])
def test_a_grid_counts_drugs_in_whole_numbers_and_words(shape, said):
    measured = np.ones(shape, dtype=bool)
    figure = coverage.draw(measured, [f"c{i}" for i in range(shape[1])], "data")
    rendered(figure)
    named = {axes.get_ylabel() for axes in figure.axes}
    assert any(label.startswith(said) for label in named)
    (counts,) = (axes for axes in figure.axes if axes.get_ylabel() == "drugs")
    assert all(tick == round(tick) for tick in counts.get_yticks())
