"""Figure 3B of Hodos et al. 2018, of few methods: those that `evaluation: figures` names."""

from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.evaluation import stage
from lacuna.evaluation.figures.best_method import make

__all__ = ["FIGURE", "make"]

FIGURE = FigureCard(
    label="Best method for each profile (Figure 3B)",
    category=PREDICTIONS,
    place=4,
    files=lambda config: {
        "tensor": "tensor/large.h5",
        "profiles": stage.of_methods(config, "metrics_per_profile.tsv", stage.few(config)),
    },
    params=lambda config: {"methods": stage.few(config)},
    wanted=lambda config: bool(stage.few(config)),
)
