"""Figure 3D of Hodos et al. 2018: finding the genes that change most."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.evaluation import stage


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    roc = pd.concat(pd.read_csv(path, sep="\t") for path in files["roc"])
    metrics = pd.read_csv(files["metrics"], sep="\t").query(
        "size == 'large' and split == 'profiles'"
    )
    auc = metrics[metrics["method"].isin(params["methods"])]
    auc = auc.assign(percent=pd.to_numeric(auc["metric"].str.extract(r"deg_auc_(\d+)$")[0]))
    auc = auc.dropna(subset=["percent", "value"])  # an interval takes a few drugs
    return draw(roc, auc.astype({"percent": int}), params["data"], params.get("compared", ())), roc


def draw(roc: pd.DataFrame, auc: pd.DataFrame, data: str, compared: Sequence[str] = ()) -> Figure:
    """Draw one panel of ROC curves per definition of a differentially expressed gene.

    Parameters
    ----------
    roc
        method, percent, false_positive_rate, true_positive_rate.
    auc
        method, percent, value, low, high.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    methods, percents = list(auc["method"].unique()), sorted(auc["percent"].unique())
    colours, lines = method_colours(compared or methods), method_lines(compared or methods)
    none = bool(auc["low"].isna().all())
    figure = Figure(figsize=(4.1 * len(percents), 4.4), layout="constrained")
    for panel, percent in zip(figure.subplots(1, len(percents)), percents, strict=True):
        panel.plot([0, 1], [0, 1], color="grey", lw=0.6)
        for score in auc[auc["percent"] == percent].itertuples():
            curve = roc[(roc["method"] == score.method) & (roc["percent"] == percent)]
            panel.plot(
                curve["false_positive_rate"],
                curve["true_positive_rate"],
                color=colours[score.method],
                ls=lines[score.method],
                label=f"{method_label(score.method)} {score.value:.3f}"
                + ("" if none else f" [{score.low:.3f}, {score.high:.3f}]"),
            )
        panel.set(
            xlabel="false positive rate",
            ylabel="true positive rate",
            title=f"top {percent} % of genes",
            aspect="equal",
        )
        title = "AUC, too few drugs for an interval" if none else "AUC [95 % interval]"
        panel.legend(title=title, loc="lower right", fontsize=8.5)
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="Finding the genes that change, all methods (Figure 3D)",
    category=PREDICTIONS,
    place=3,
    files=lambda config: {
        "roc": stage.of_methods(config, "deg_roc.tsv"),
        "metrics": "metrics.tsv",
    },
    params=lambda config: {"methods": list(stage.methods(config))},
)
