"""Which constants of Kernel and Blend are best on simulated screens that no table shows?

`make bench-constants` makes six screens, two seeds of each generator, then runs this. It changes
one constant at a time, and tries a few ideas; it cross-validates on the same
folds (single profiles; for Kernel whole drugs and cells, too), prints how far each alternative lies
above what the library has, with a 95 % t-interval over screens, and writes the tables between their
marks into docs/accuracy.md. No real data have a say.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
from accuracy import markdown
from completion_ideas import PreciseProcess, SecondPassProcess
from scipy import stats

from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.registry import method_label
from lacuna.completion.run import run_method, train_method
from lacuna.completion.shared.covariance import PRIOR_WEIGHTS
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import METRICS, metric_label
from lacuna.evaluation.scorer import Scorer
from lacuna.evaluation.splits import make_folds
from lacuna.io.atomic import write_whole
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

SEED, FOLDS, FOLDS_RUN = 2018, 5, 2
SCORES = ["pct", "pct_specific"]
NOTHING: Mapping[str, Any] = MappingProxyType({})
MEMBERS = ("additive", "dnpp", "ntk", "kernel")
METHODS = "lacuna.completion.methods"
KERNEL, BLEND = f"{METHODS}.kernel", f"{METHODS}.blend"
SHARED = "lacuna.completion.shared"
PAGE = Path("docs/accuracy.md")
MARKED = re.compile(r"(<!-- made by make bench-constants: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Setting(NamedTuple):
    """A method with something in place of what the library has; `name` is empty where nothing is.

    `part` is the table that it stands in; `instead` names what is replaced, and by what.
    """

    part: str
    method: str
    name: str = ""
    instead: Mapping[str, Any] = NOTHING
    options: Mapping[str, Any] = NOTHING


def kernel(name: str, value: object, module: str = KERNEL) -> Setting:
    """Return a setting of Kernel with another value of a constant."""
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return Setting("kernel", "kernel", f"{name} {shown}", {f"{module}.{name}": value})


def blend(name: str, *members: str) -> Setting:
    """Return a setting of Blend with other members."""
    return Setting("blend", "blend", name, options={"members": list(members)})


def no_slopes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.ones(predicted.shape[1], dtype=np.float32)


AS_IT_IS = [Setting("kernel", "kernel"), Setting("blend", "blend")]
SETTINGS = [
    *AS_IT_IS,
    *(kernel("PRIOR_STRENGTH", value) for value in (0.003, 0.3)),
    *(kernel("SUBSPACE_ENDS", value) for value in ([16], [32, 128], [8, 32, 128])),
    Setting("kernel", "kernel", "no slopes", {f"{KERNEL}.shrunken_slopes": no_slopes}),
    kernel("PRIOR_WEIGHTS", dict.fromkeys(PRIOR_WEIGHTS, 0.1), f"{SHARED}.covariance")._replace(
        name="PRIOR_WEIGHTS all 0.1"
    ),
    *(kernel("HALF_SHRUNK_AT", value, f"{SHARED}.similarity") for value in (0.3, 3.0)),
    Setting("blend", "blend", "MAX_DRAWS 1", {f"{BLEND}.MAX_DRAWS": 1}),
    Setting(
        "blend", "blend", "weights the same everywhere", {f"{BLEND}.PENALTIES": np.array([1e3])}
    ),
    *(blend(f"without {name}", *(m for m in MEMBERS if m != name)) for name in MEMBERS[:-1]),
    *(
        blend(f"and {method_label(name)}", name, *MEMBERS)
        for name in ("ridge_map", "knn_cells", "knn_drugs_cells")
    ),
    *(
        Setting("kernel", "kernel", name, {f"{KERNEL}.GaussianProcess": process})
        for name, process in (
            ("means and similarities by replicates", PreciseProcess),
            ("similarities of predicted profiles, too", SecondPassProcess),
        )
    ),
]


class Member(NamedTuple):
    """A member of Blend that learns once for all settings that only weigh it otherwise."""

    name: str
    side: SideInformation
    learn: Callable[..., Any]
    known: dict[tuple, Completion]

    def prepare(
        self, observed: ProfileSet, wanted: np.ndarray, rng: np.random.Generator
    ) -> Predict:
        def predict(pairs: np.ndarray) -> Completion:
            key = (self.name, observed.profiles.tobytes(), wanted.tobytes(), pairs.tobytes())
            short = tuple(hash(part) for part in key)
            if short not in self.known:
                own = generator(SEED, "member", self.name)
                trained = self.learn(self.name, observed, self.side, own, {})
                self.known[short] = trained.prepare(observed, wanted, own)(pairs)
            return self.known[short]

        return predict


KNOWN: dict[tuple, Completion] = {}


def learn_once(
    name: str,
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    options: Mapping[str, object],
) -> Member:
    """Stand for `train_method` in Blend."""
    return Member(name, side, train_method, KNOWN)


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
                stack.enter_context(patch(f"{BLEND}.train_method", learn_once))
                for part, value in setting.instead.items():
                    stack.enter_context(patch(part, value))
                completions.append(
                    run_method(setting.method, training, wanted, side, rng, dict(setting.options))
                )
        scorer = Scorer(HeldOut.gather(tensor, fold_of, completions), generator(SEED, "draws"))
        for metric in SCORES:
            score = METRICS[metric].score(scorer)[0]
            names = {"method": setting.method, "setting": setting.name, "screen": screen}
            yield {**names, "split": split, "metric": metric, "score": score}


def compare(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the lead of each setting over what the library has, with intervals over screens."""
    keys = ["method", "split", "screen", "metric"]
    base = scores[scores["setting"] == ""].drop(columns="setting")
    paired = scores[scores["setting"] != ""].merge(base, on=keys, suffixes=("", "_now"))
    paired["lead"] = paired["score"] - paired["score_now"]
    groups = paired.groupby(["method", "setting", "split", "metric"], sort=False)["lead"]
    table = groups.agg(["mean", "sem", "count"]).reset_index()
    half = table["sem"] * stats.t.ppf(0.975, table["count"] - 1)
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


def table_of(part: str, scores: pd.DataFrame, leads: pd.DataFrame) -> str:
    """Return a Markdown table of leads; bold where the interval lies above 0."""
    settings = [s for s in SETTINGS if s.part == part]
    methods = list(dict.fromkeys(s.method for s in settings))
    splits = list(dict.fromkeys(scores.loc[scores["method"].isin(methods), "split"]))
    columns = [(split, metric) for split in splits for metric in SCORES]
    now = scores[scores["setting"] == ""].groupby(["method", "split", "metric"])["score"].mean()
    found = leads.set_index(["method", "setting", "split", "metric"])
    lines = []
    for method in methods:
        cells = [f"{now[method, *c]:.3f}" if (method, *c) in now.index else "" for c in columns]
        lines.append([f"{method_label(method)} as it is", *cells])
        for setting in (s for s in settings if s.method == method and s.name):
            key = partial(lambda setting, column: (*setting[1:3], *column), setting)
            cells = [
                lead(found.loc[key(column)]) if key(column) in found.index else ""
                for column in columns
            ]
            lines.append([f"{method_label(method)}: {setting.name}", *cells])
    head = [f"{split}: {metric_label(metric)}" for split, metric in columns]
    return markdown(["instead", *head], lines)


def lead(row: pd.Series) -> str:
    text = f"{row['mean']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"
    return f"**{text}**" if row["low"] > 0 else text


def write(scores: pd.DataFrame) -> None:
    """Print the tables, and write them into the page that shows them."""
    leads = compare(scores)
    write_table(scores, "results/bench/constants.tsv")
    write_table(leads, "results/bench/constants_leads.tsv")
    parts = {part: table_of(part, scores, leads) for part in ("kernel", "blend")}
    print("\n".join(parts.values()))
    text = MARKED.sub(lambda mark: f"{mark[1]}\n{parts[mark[2]]}\n{mark[3]}", PAGE.read_text())
    with write_whole(PAGE) as unfinished:
        unfinished.write_text(text)


def main() -> None:
    """Cross-validate all settings on the screens named."""
    rows = []
    for setting in SETTINGS:
        for screen in sys.argv[1:]:
            rows += cross_validate(screen, setting)
        print(f"{setting.method} {setting.name}: done", file=sys.stderr, flush=True)
    write(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
