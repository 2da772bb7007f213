"""Figure 3D of Hodos et al. 2018, of few methods: those that `evaluation: figures` names."""

from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.evaluation import stage
from lacuna.evaluation.figures.deg_roc import make

__all__ = ["FIGURE", "make"]

FIGURE = FigureCard(
    label="Finding the genes that change (Figure 3D)",
    category=PREDICTIONS,
    place=3,
    files=lambda config: {
        "roc": stage.of_methods(config, "deg_roc.tsv", stage.few(config)),
        "metrics": "metrics.tsv",
    },
    params=lambda config: {"methods": stage.few(config)},
    wanted=lambda config: bool(stage.few(config)),
)
