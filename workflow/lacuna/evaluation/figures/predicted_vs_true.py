"""Figure 3A of Hodos et al. 2018: predicted against measured entries, one panel per method."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.evaluation import stage


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    density = pd.concat(pd.read_csv(path, sep="\t") for path in files["density"])
    metrics = pd.read_csv(files["metrics"], sep="\t")
    pct = metrics.query("size == 'large' and split == 'profiles' and metric == 'pct'")
    pct = pct[pct["method"].isin(params["methods"])]
    return draw(density, pct, params["data"]), density


def draw(density: pd.DataFrame, pct: pd.DataFrame, data: str) -> Figure:
    """Draw where the entries lie, on one scale for all methods.

    Parameters
    ----------
    density
        method, true, predicted, entries: how many entries lie in each bin.
    pct
        method, value, low, high.
    data
        What data this is, for the title.
    """
    methods = list(pct["method"])
    columns = min(4, len(methods))
    rows = -(-len(methods) // columns)
    figure = Figure(figsize=(2.5 * columns + 1, 2.7 * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    limit = _reach(density)
    norm = LogNorm(1, density["entries"].max())
    step = np.diff(np.sort(density["true"].unique())).min()
    edges = np.arange(-np.ceil(limit / step) - 0.5, np.ceil(limit / step) + 1) * step
    for panel, score, few in zip(axes, pct.itertuples(), pct["low"].isna(), strict=False):
        of_method = density[density["method"] == score.method]
        counts, _, _ = np.histogram2d(
            of_method["predicted"],
            of_method["true"],
            bins=edges,
            weights=of_method["entries"],
        )
        counts = np.ma.masked_equal(counts, 0)
        image = panel.pcolormesh(edges, edges, counts, cmap="cividis_r", norm=norm, rasterized=True)
        panel.axline((0, 0), slope=1, color="black", lw=0.6, ls=":")
        interval = "" if few else f" [{score.low:.3f}, {score.high:.3f}]"
        panel.set_title(f"{method_label(str(score.method))}\nPCT {score.value:.3f}{interval}")
        panel.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    for panel in axes[len(methods) :]:
        panel.remove()
    figure.supxlabel("measured expression change (unit-norm profiles)", fontsize=9)
    figure.supylabel("predicted", fontsize=9)
    drawn = list(axes[: len(methods)])
    figure.colorbar(image, ax=drawn, label="entries per bin", format="{x:,g}", shrink=0.8)
    figure.suptitle(data)
    return figure


def _reach(density: pd.DataFrame) -> float:
    """How far from 0 all but one in 100,000 entries lie."""
    by_reach = (
        density.assign(reach=density[["true", "predicted"]].abs().max(axis=1))
        .groupby("reach")["entries"]
        .sum()
        .cumsum()
    )
    return by_reach.index[np.searchsorted(by_reach, by_reach.iloc[-1] * (1 - 1e-5))]


FIGURE = FigureCard(
    label="Predicted against measured values (Figure 3A)",
    category=PREDICTIONS,
    place=2,
    files=lambda config: {
        "density": stage.of_methods(config, "joint_density.tsv"),
        "metrics": "metrics.tsv",
    },
    params=lambda config: {"methods": list(stage.methods(config))},
)
