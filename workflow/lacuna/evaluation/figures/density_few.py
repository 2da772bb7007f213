"""Figure 3C of Hodos et al. 2018, of few methods: those that `evaluation: figures` names."""

from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.evaluation import stage
from lacuna.evaluation.figures.density import make

__all__ = ["FIGURE", "make"]

FIGURE = FigureCard(
    label="Accuracy against density (Figure 3C)",
    category=PREDICTIONS,
    place=6,
    files=lambda config: {
        "density": "evaluation/density.tsv",
        "sizes": "evaluation/density/sizes.tsv",
    },
    params=lambda config: {"methods": stage.few(config)},
    wanted=lambda config: bool(stage.few(config) and config["evaluation"]["density"]["percents"]),
)
