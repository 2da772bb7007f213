"""Figure S1 of Hodos et al. 2018: the accuracy of all completers, fold by fold."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.evaluation import stage

INCHES_PER_METHOD = 0.32
COLUMNS = ["size", "method", "fold", "profiles", "fallbacks", "pct"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    folds = pd.read_csv(files["folds"], sep="\t").query("split == 'profiles'")
    methods, size = list(params["methods"]), params["size"]
    folds = folds[folds["size"].eq(size) & folds["method"].isin(methods)]
    return draw(folds, methods, params["data"], params.get("compared", ())), folds[COLUMNS]


def draw(
    folds: pd.DataFrame, methods: list[str], data: str, compared: Sequence[str] = ()
) -> Figure:
    """Draw a box per method over the PCT of its folds, and every fold as a point.

    Parameters
    ----------
    folds
        size, method, fold, pct: of one tensor size. A fold without profiles is NaN.
    methods
        Those compared, in the order of their colours.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    scores = {method: folds.loc[folds["method"] == method, "pct"].dropna() for method in methods}
    ranked = sorted(methods, key=lambda method: scores[method].median())
    colours = method_colours(compared or methods)
    figure = Figure(figsize=(7.6, 1.4 + INCHES_PER_METHOD * len(methods)), layout="constrained")
    panel = figure.subplots()
    boxes = panel.boxplot(
        [scores[method] for method in ranked],
        orientation="horizontal",
        whis=(0, 100),
        showfliers=False,
        widths=0.6,
        patch_artist=True,
        medianprops={"color": "black", "lw": 1.6},
    )
    for place, (method, box) in enumerate(zip(ranked, boxes["boxes"], strict=True), start=1):
        box.set(facecolor=colours[method], alpha=0.45)
        panel.plot(scores[method], [place] * len(scores[method]), "o", ms=2.5, color="black")
    panel.set_yticks(range(1, len(ranked) + 1), map(method_label, ranked))
    panel.set_xlabel("PCT of a fold: correlation of predicted and measured held-out profiles")
    panel.grid(axis="x", color="#dddddd", lw=0.6)
    number, (size,) = folds["fold"].nunique(), folds["size"].unique()
    figure.suptitle(f"{data}: {number} folds of the {size} tensor")
    return figure


def drawn_size(config: Mapping[str, Any]) -> str:
    """Return the tensor that is drawn: the small one, as in the paper, where a run scores it."""
    sizes = config["evaluation"]["splits"]["profiles"]["sizes"]
    return "small" if "small" in sizes else "large"


FIGURE = FigureCard(
    label="Accuracy fold by fold (Figure S1)",
    category=PREDICTIONS,
    place=6,
    files=lambda config: {"folds": "evaluation/metrics_per_fold.tsv"},
    params=lambda config: {"methods": list(stage.methods(config)), "size": drawn_size(config)},
)
