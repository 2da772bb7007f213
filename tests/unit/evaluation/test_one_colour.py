"""A method has one colour in all figures of a run, also where a figure shows few of its methods."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from lacuna.drawing.palette import method_colours
from lacuna.evaluation.figures import (
    best_method,
    calibration,
    completer_times,
    completers,
    deg_roc,
    density,
    gene_correlations,
    parts,
    similar_drugs,
    subsets,
)

COMPARED = ["mean_1d", "additive", "dnpp", "kernel", "blend"]
FEW = ["dnpp", "blend"]
EXPECTED = {method: method_colours(COMPARED)[method] for method in FEW}


def per_method(**columns):
    return pd.concat([pd.DataFrame({"method": name, **columns}) for name in FEW], ignore_index=True)


def drawn(name):
    if name == "calibration":
        table = pd.concat(
            [
                per_method(view=view, stated=[0.2, 0.5], observed=[0.25, 0.5], low=0.1, high=0.6)
                for view in ("coverage", "error")
            ]
        )
        return calibration.draw(table, "data", COMPARED)
    if name == "best_method":
        best = pd.DataFrame({"drug": ["a", "b"], "cell": ["c", "c"], "best": FEW})
        return best_method.draw(best, FEW, ["a", "b"], ["c"], "data", COMPARED)
    if name == "completers":
        folds = per_method(size="large", fold=[0, 1], pct=[0.1, 0.2])
        return completers.draw(folds, FEW, "data", COMPARED)
    if name == "completer_times":
        return completer_times.draw(per_method(seconds_per_fold=[1.0]), FEW, "data", 2, COMPARED)
    if name == "deg_roc":
        rates = {"false_positive_rate": [0, 0, 1, 1], "true_positive_rate": [0, 0, 1, 1]}
        roc = per_method(percent=[1, 10, 1, 10], **rates)
        auc = per_method(percent=[1, 10], value=0.5, low=0.4, high=0.6)
        return deg_roc.draw(roc, auc, "data", COMPARED)
    if name == "density":
        sizes = pd.DataFrame({"percent": [10, 20], "profiles": [1, 2], "left_out": ["", ""]})
        table = per_method(percent=[10, 20], repeats=2, mean=0.5, sd=0.1)
        return density.draw(table, sizes, "data", COMPARED)
    if name == "gene_correlations":
        genes = per_method(cell=["x", "y"], kept=[0.1, 0.2], halves=0.5)
        kept = per_method(metric=["kept"], value=0.1, low=0.0, high=0.2)
        return gene_correlations.draw(genes, kept, FEW, "data", COMPARED)
    if name == "parts":
        table = pd.concat(
            [per_method(part=part, pct=[0.1, 0.2]) for part in ("drug", "cell", "gene")]
        )
        return parts.draw(table, FEW, "data", COMPARED)
    if name == "similar_drugs":
        table = per_method(split="drugs", threshold=[0.5, 1.0], drugs=9, pct=0.5, low=0.4, high=0.6)
        return similar_drugs.draw(table, FEW, ["drugs"], "data", COMPARED)
    table = per_method(drugs=[10, 20], repeats=2, mean=0.5, sd=0.1)
    return subsets.draw(table, "data", COMPARED)


def colours_in(figure):
    """Return all colours of lines, patches and images of a figure."""
    found = set()
    for axes in figure.axes:
        found |= {to_rgb(line.get_color()) for line in axes.lines}
        found |= {to_rgb(patch.get_facecolor()) for patch in axes.patches}
        for image in axes.get_images():
            found |= {to_rgb(colour) for colour in image.get_cmap().colors}
    return np.array(sorted(found))


FIGURES = ["calibration", "best_method", "completers", "completer_times", "deg_roc", "density"]
FIGURES += ["gene_correlations", "parts", "similar_drugs", "subsets"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_few_methods_has_the_colours_of_all(name):
    shown = colours_in(drawn(name))
    for method, colour in EXPECTED.items():
        assert np.abs(shown - colour).max(axis=1).min() < 0.01, method
    others = [method_colours(COMPARED)[name] for name in COMPARED if name not in FEW]
    for colour in [*others, *method_colours(FEW).values()]:
        if any(np.allclose(colour, known) for known in EXPECTED.values()):
            continue
        assert np.abs(shown - colour).max(axis=1).min() > 0.01
