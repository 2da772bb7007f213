"""Which constants of Kernel and Blend are best on simulated screens that no table shows?

`make bench-constants` makes six screens, two seeds of each generator, then runs this. It changes
one constant at a time, cross-validates on the same folds (single profiles; for Kernel whole drugs
and cells, too), prints how far each alternative lies above what the library has, with a 95 %
t-interval over screens. No real data have a say.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
from accuracy import markdown
from scipy import stats

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.completion.shared.covariance import PRIOR_WEIGHTS
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.splits import make_folds
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

SEED, FOLDS, FOLDS_RUN = 2018, 5, 2
SCORES = ["pct", "pct_specific"]
KERNEL, BLEND = "lacuna.completion.methods.kernel", "lacuna.completion.methods.blend"
NOTHING: Mapping[str, Any] = MappingProxyType({})
MEMBERS = ("additive", "dnpp", "ntk", "kernel")


class Setting(NamedTuple):
    """A method with one constant or option changed; `name` is empty where nothing is."""

    method: str
    name: str = ""
    constants: Mapping[str, Any] = NOTHING
    options: Mapping[str, Any] = NOTHING


SETTINGS = [
    Setting("kernel"),
    *(
        Setting("kernel", f"PRIOR_STRENGTH {value:g}", {f"{KERNEL}.PRIOR_STRENGTH": value})
        for value in (0, 0.003, 0.3, 3)
    ),
    *(
        Setting("kernel", f"SUBSPACE_ENDS {value}", {f"{KERNEL}.SUBSPACE_ENDS": value})
        for value in ([], [16], [32, 128], [8, 32, 128])
    ),
    Setting(
        "kernel",
        "PRIOR_WEIGHTS all 0.1",
        {"lacuna.completion.shared.covariance.PRIOR_WEIGHTS": dict.fromkeys(PRIOR_WEIGHTS, 0.1)},
    ),
    *(
        Setting("kernel", f"neighbours {value}", options={"neighbours": value})
        for value in (32, 128)
    ),
    Setting("blend"),
    *(
        Setting("blend", f"TOLERATED {value:g}", {f"{BLEND}.TOLERATED": value})
        for value in (0, 0.003, 0.03)
    ),
    *(Setting("blend", f"MAX_DRAWS {value}", {f"{BLEND}.MAX_DRAWS": value}) for value in (1, 6)),
    Setting("blend", "weights the same everywhere", {f"{BLEND}.PENALTIES": np.array([1e3])}),
    *(
        Setting("blend", f"and {name}", options={"members": [name, *MEMBERS]})
        for name in ("knn_drugs_cells", "soft_impute", "halrtc")
    ),
    *(
        Setting("blend", f"without {name}", options={"members": [m for m in MEMBERS if m != name]})
        for name in MEMBERS[:-1]
    ),
]


def cross_validate(screen: str, setting: Setting) -> Iterator[dict[str, object]]:
    """Score the first folds of a screen's large tensor, by split."""
    folder = Path("results", screen, "tensor")
    tensor = ProfileSet.load(folder / "large.h5")
    side = SideInformation.read(tensor, folder / "drugs.tsv", folder / "baseline.tsv")
    for split in ("profiles", "drugs", "cells") if setting.method == "kernel" else ("profiles",):
        dealt = make_folds(tensor, split, FOLDS, generator(SEED, "folds", screen, split))
        fold_of = np.where(dealt < FOLDS_RUN, dealt, -1)
        completions = []
        for fold in range(FOLDS_RUN):
            wanted, training = tensor.take(fold_of == fold).pairs, tensor.take(fold_of != fold)
            rng = generator(SEED, setting.method, fold)
            with ExitStack() as stack:
                stack.enter_context(redirect_stdout(StringIO()))
                for constant, value in setting.constants.items():
                    stack.enter_context(patch(constant, value))
                completions.append(
                    run_method(setting.method, training, wanted, side, rng, dict(setting.options))
                )
        held_out = HeldOut.gather(tensor, fold_of, completions)
        scores = score_draws(held_out, generator(SEED, "draws")).iloc[0]
        row = {"method": setting.method, "setting": setting.name, "screen": screen, "split": split}
        yield row | scores[SCORES].to_dict()


def compare(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the lead of each setting over what the library has, with intervals over screens."""
    keys = ["method", "split", "screen"]
    long = scores.melt([*keys, "setting"], SCORES, "metric", "score")
    base = long[long["setting"] == ""].drop(columns="setting")
    paired = long[long["setting"] != ""].merge(base, on=[*keys, "metric"], suffixes=("", "_now"))
    paired["lead"] = paired["score"] - paired["score_now"]
    groups = paired.groupby(["method", "setting", "split", "metric"], sort=False)["lead"]
    table = groups.agg(["mean", "sem", "count"]).reset_index()
    half = table["sem"] * stats.t.ppf(0.975, table["count"] - 1)
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    rows = []
    for setting in SETTINGS:
        for screen in sys.argv[1:]:
            rows += cross_validate(screen, setting)
        print(f"{setting.method} {setting.name}: done", file=sys.stderr, flush=True)
    scores = pd.DataFrame(rows)
    leads = compare(scores)
    write_table(scores, "results/bench/constants.tsv")
    shown = leads.assign(
        text=[
            f"{m:+.4f} [{a:+.4f}, {b:+.4f}]"
            for m, a, b in zip(leads["mean"], leads["low"], leads["high"], strict=True)
        ]
    ).pivot_table(
        index=["method", "setting"],
        columns=["split", "metric"],
        values="text",
        aggfunc="first",
        sort=False,
    )
    head = [f"{split}: {metric}" for split, metric in shown.columns]
    lines = [[f"{m}: {s}", *row.fillna("")] for (m, s), row in shown.iterrows()]
    print(markdown(["instead", *head], lines))


if __name__ == "__main__":
    main()
