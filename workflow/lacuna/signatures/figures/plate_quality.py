"""Plates: do replicates agree, and how much do all wells of a plate share?"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lacuna.acquire.inputs import Inputs
from lacuna.drawing.card import DATA, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

WORST_NAMED = 3
MOST_POINTS = 60
NOT_REPLICATED = "no plate was replicated"
SHADES = {"replicates": "#26456e", "different drugs": "#b8b8b8"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    quality = pd.concat(map(read_table, files["plates"]))
    return draw(quality, params["reference"], params["data"]), quality


def draw(quality: pd.DataFrame, reference: str, data: str) -> Figure:
    """Draw agreement and common part by reference, and the plates themselves.

    Parameters
    ----------
    quality
        One row per plate and reference, as `lacuna.signatures.plate_quality` returns them.
    reference
        The one that the signatures use.
    data
        What data this is, for the title.
    """
    figure = Figure(figsize=(9.5, 7.2), layout="constrained")
    (agreement, common), (plates, consistent) = figure.subplots(2, 2)
    _agreement_by_reference(agreement, quality)
    _distribution(common, quality, y="common", color=MEASURED)
    common.set(
        xlabel="reference",
        ylabel="mean cosine between wells of a plate",
        title="What all wells of a plate share",
    )
    in_use = quality[quality["reference"] == reference]
    _plates(plates, in_use)
    plates.set_title(f"Plates, reference: {reference}")
    _consistency(consistent, in_use)
    consistent.set_title(f"Consistent experiments, reference: {reference}")
    figure.suptitle(f"{data}: {counted(quality['plate'].nunique(), 'plate')}")
    return figure


def _agreement_by_reference(axes: Axes, quality: pd.DataFrame) -> None:
    names = {"replicate_cosine": "replicates", "mismatch_cosine": "different drugs"}
    long = quality.rename(columns=names).melt("reference", list(SHADES), "wells", "cosine").dropna()
    axes.set_title("Agreement across replicate plates")
    if long.empty:
        _say(axes, NOT_REPLICATED)
        return
    _distribution(axes, long, y="cosine", hue="wells", palette=SHADES)
    axes.set(xlabel="reference", ylabel="mean cosine with wells of other plates")
    axes.set_ylim(top=axes.get_ylim()[1] + 0.25 * (axes.get_ylim()[1] - axes.get_ylim()[0]))
    axes.legend(title=None, loc="upper center", ncols=2)


def _distribution(axes: Axes, table: pd.DataFrame, **options: object) -> None:
    """Draw every plate where they are few, and boxes where they are many."""
    if table["reference"].value_counts().max() <= MOST_POINTS:
        sns.stripplot(
            table,
            x="reference",
            dodge="hue" in options,
            size=6,
            edgecolor="black",
            linewidth=0.6,
            jitter=False,
            ax=axes,
            **options,
        )
    else:
        sns.boxplot(table, x="reference", fliersize=2, linecolor="black", ax=axes, **options)


def _plates(axes: Axes, quality: pd.DataFrame) -> None:
    """Each plate by its vehicle wells and its common part; the worst are named, one below another.

    Names stand in a column of their own beside the points, so that none covers another.
    """
    axes.scatter(quality["vehicle_wells"], quality["common"], s=18, color=MEASURED, alpha=0.6)
    worst = quality.nlargest(WORST_NAMED, "common")
    for row, (_, plate) in enumerate(worst.iterrows()):
        axes.annotate(
            plate["plate"],
            (plate["vehicle_wells"], plate["common"]),
            xytext=(0.98, 0.98 - 0.07 * row),
            textcoords="axes fraction",
            fontsize=8,
            ha="right",
            va="top",
            arrowprops={"arrowstyle": "-", "color": "#888888", "lw": 0.6},
        )
    axes.set(xlabel="vehicle wells of the plate", ylabel="mean cosine between its wells")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    axes.margins(x=0.35, y=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.09 * (len(worst) + 1) * (high - low))


def _consistency(axes: Axes, quality: pd.DataFrame) -> None:
    """Each replicated plate by its agreement and its share of consistent experiments."""
    replicated = quality.dropna(subset=["replicate_cosine", "significant"])
    if replicated.empty:
        alone = quality["replicate_cosine"].isna().all()
        _say(axes, NOT_REPLICATED if alone else "no experiment has a p-value")
        return
    axes.scatter(
        replicated["replicate_cosine"], replicated["significant"], s=18, color=MEASURED, alpha=0.6
    )
    axes.set(
        xlabel="mean cosine of replicates",
        ylabel="share of experiments with p at most 0.1",
        ylim=(0, 1.02),
    )
    axes.axhline(0.1, color="grey", lw=0.8, ls=":")
    axes.annotate(
        "chance",
        (1, 0.1),
        (-2, 3),
        ha="right",
        fontsize=8,
        color="#555555",
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
    )


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes)
    axes.set(xticks=[], yticks=[])


FIGURE = FigureCard(
    label="Plates",
    category=DATA,
    place=6,
    files=lambda config: {
        "plates": [
            f"signatures/{name}/plates.tsv" for name in Inputs.of(config).series_with("level3")
        ]
    },
    params=lambda config: {"reference": config["signatures"]["reference"]},
    wanted=lambda config: bool(Inputs.of(config).series_with("level3")),
)
