"""How do time and memory grow with drugs, cells and genes? `make bench-scaling` runs this.

One axis of a generated tensor is varied at a time, each run in a process of its own. A power law
in the three sizes is fitted to all runs of a method, and says what larger screens will need.
"""

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from completion import FOLDS, SEED, run_fold
from paper_tensor import paper_tensor

from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator

BASE = {"drugs": 800, "cells": 71, "genes": 240}
VARIED = {
    "drugs": [400, 566, 800, 1131, 1600],
    "cells": [18, 25, 36, 50, 71],
    "genes": [120, 170, 240, 340, 480, 960],
}
METHODS = {"DNPP": ("dnpp", {}), "FaLRTC": ("falrtc", {"device": "cpu"})}
TARGETS = {
    "the paper": {"drugs": 2130, "cells": 71, "genes": 978},
    "LINCS today": {"drugs": 8300, "cells": 164, "genes": 978},
    "LINCS today, 100 components": {"drugs": 8300, "cells": 164, "genes": 100},
}


def measure() -> pd.DataFrame:
    """Predict one fold at every size."""
    sizes = [{**BASE, axis: value} for axis, values in VARIED.items() for value in values]
    rows = []
    for size in pd.DataFrame(sizes).drop_duplicates().to_dict("records"):
        tensor = paper_tensor(**size)
        with tempfile.TemporaryDirectory() as name:
            tensor.save(Path(name) / "tensor.h5")
            np.save(
                Path(name) / "folds.npy", folds_by_profile(tensor, FOLDS, generator(SEED, "folds"))
            )
            for label, (method, options) in METHODS.items():
                took, _ = run_fold(Path(name), method, options, 0)
                rows.append({"method": label, **size, "profiles": len(tensor), **took})
                print(json.dumps(rows[-1]))
    return pd.DataFrame(rows)


def fit(table: pd.DataFrame, measured: str) -> pd.Series:
    """Return the exponents of drugs, cells and genes, and the logarithm of the factor."""
    logs = np.log(table[list(BASE)].assign(factor=np.e))
    slopes, *_ = np.linalg.lstsq(logs.to_numpy(float), np.log(table[measured].to_numpy()))
    return pd.Series(slopes, index=logs.columns)


def predict(slopes: pd.Series, size: dict[str, int]) -> float:
    """Evaluate a fitted power law."""
    return float(
        np.exp(sum(slopes[axis] * np.log(value) for axis, value in size.items()) + slopes["factor"])
    )


def draw(table: pd.DataFrame, fits: dict[tuple[str, str], pd.Series]) -> plt.Figure:
    """Draw time and memory against each axis, with the fitted lines."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 5.4), sharey="row", layout="constrained")
    for row, (measured, label) in zip(
        axes, {"seconds": "seconds a fold", "working": "working memory, GiB"}.items(), strict=True
    ):
        for panel, axis in zip(row, VARIED, strict=True):
            others = [other for other in BASE if other != axis]
            here = table[(table[others] == [BASE[other] for other in others]).all(axis=1)]
            for marker, (method, points) in zip("os", here.groupby("method"), strict=True):
                points = points.sort_values(axis)
                slopes = fits[method, measured]
                line = [predict(slopes, {**BASE, axis: value}) for value in points[axis]]
                name = f"{method}, slope {slopes[axis]:.2f}"
                (drawn,) = panel.plot(points[axis], line, linewidth=1, label=name)
                panel.plot(points[axis], points[measured], marker, color=drawn.get_color())
            panel.set(xscale="log", yscale="log", xlabel=axis)
            panel.set_xticks(VARIED[axis][::2], labels=VARIED[axis][::2])
            panel.minorticks_off()
            panel.legend(fontsize="small")
        row[0].set_ylabel(label)
    return figure


def main() -> None:
    """Measure, fit, print and draw."""
    table = measure()
    write_table(table, "results/bench/scaling.tsv")
    fits = {
        (method, measured): fit(rows, measured)
        for method, rows in table.groupby("method")
        for measured in ("seconds", "working")
    }
    draw(table, fits).savefig("docs/scaling.png", dpi=120)
    slopes = pd.DataFrame(fits).T.drop(columns="factor").round(2)
    print("\nFitted exponents\n" + slopes.to_string())
    wanted = pd.DataFrame(
        {
            (method, measured): {name: predict(slopes, size) for name, size in TARGETS.items()}
            for (method, measured), slopes in fits.items()
        }
    )
    print(
        "\nWhat the fit says a fold needs (seconds, GiB)\n"
        + wanted.to_string(float_format="{:,.3g}".format)
    )


if __name__ == "__main__":
    main()
