"""How fast to train the networks that predict from other cells, and for how long?

`make bench-network-options` simulates screens of several sizes, each with a seed of its own, which
no other table shows. It holds out 30 % of the drugs of each, trains on the others with every
setting, and predicts a cell from the others. It prints the mean correlation over profiles, the
time, and how far each setting lies above the library's defaults, with 95 % t-intervals over
screens. No real data have a say; the defaults of `fit` and its `auto` are chosen by this.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from few_profiles import simulate
from scipy import stats

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import train_method
from lacuna.evaluation.correlation import profile_pearson
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

TEST_SHARE = 0.3
GENERATORS = ("clustered", "low_rank")
# Drugs, cells, percent of all pairs that are measured, and seeds.
SCREENS = [
    (80, 2, 100, (31, 32)),
    (250, 2, 100, (31, 32)),
    (1500, 2, 100, (31,)),
    (150, 7, 60, (31,)),
]
DEFAULT = "default"
SETTINGS: dict[str, dict[str, dict[str, object]]] = {
    "deepcellstate": {
        "authors": {"learning_rate": 1e-4, "batch": 128, "epoch_steps": 1},
        "rate 0.0003": {"learning_rate": 3e-4},
        "rate 0.001": {"learning_rate": 1e-3},
        "rate 0.002": {"learning_rate": 2e-3},
        "batch 32": {"batch": 32},
        "batch 64": {"batch": 64},
        "batch 128": {"batch": 128},
        "batch 256": {"batch": 256},
        "one pass an epoch": {"epoch_steps": 1},
        "12 steps an epoch": {"epoch_steps": 12},
        "48 steps an epoch": {"epoch_steps": 48},
        "patience 5": {"patience": 5},
    },
    "vae_anchor": {
        "rate 0.0005": {"learning_rate": 5e-4},
        "rate 0.001": {"learning_rate": 1e-3},
        "rate 0.004": {"learning_rate": 4e-3},
        "100, 300 epochs": {"common_epochs": 100, "epochs": 300},
        "dropout 0.8": {"dropout": 0.8},
    },
    "dual_gan": {
        "rate 0.0003": {"learning_rate": 3e-4},
        "rate 0.003": {"learning_rate": 3e-3},
        "100 epochs": {"epochs": 100},
        "batch 32": {"batch": 32},
    },
    "scgen": {
        "rate 0.0003": {"learning_rate": 3e-4},
        "rate 0.003": {"learning_rate": 3e-3},
        "300 epochs": {"epochs": 300},
        "divergence 1": {"divergence": 1.0},
    },
}


def screens() -> Iterator[tuple[dict[str, object], ProfileSet, ProfileSet]]:
    """Simulate all screens; yield what each is, and profiles of training and of test drugs."""
    for drugs, cells, percent, seeds in SCREENS:
        for seed in seeds:
            for name in GENERATORS:
                form = f"{drugs} x {cells}, {percent} %"
                rng = generator(seed, "network_options", form, name)
                tensor, _ = simulate(name, (drugs, cells), percent, rng)
                order = rng.permutation(drugs)
                is_test = np.isin(tensor.drug, order[: round(TEST_SHARE * drugs)])
                what = {"form": form, "generator": name, "seed": seed}
                yield what, tensor.take(~is_test), tensor.take(is_test)


def score(
    method: str, options: Mapping[str, object], training: ProfileSet, test: ProfileSet, seed: int
) -> dict[str, float]:
    """Train with a setting; return how well the test profiles are predicted, and the seconds."""
    started = time.perf_counter()
    trained = train_method(
        method, training, SideInformation(), generator(seed, "train"), dict(options)
    )
    took = time.perf_counter() - started
    several = np.bincount(test.drug)[test.drug] > 1
    wanted = test.pairs[several]
    predicted = trained.predict(test, wanted, generator(seed, "predict")).profiles
    r = profile_pearson(test.profiles[several], predicted)
    losses = getattr(trained, "losses", None)
    epochs = {} if losses is None else losses.groupby("stage", sort=False).size().to_dict()
    return {"r": float(r.mean()), "seconds": took, "epochs": str(epochs)}


def table(rows: pd.DataFrame) -> str:
    """Return the mean of each setting by form, and its lead over the defaults, as a text."""
    keys = ["form", "generator", "seed"]
    lines = []
    for method, of_method in rows.groupby("method", sort=False):
        wide = of_method.pivot_table(index=keys, columns="setting", values="r", sort=False)
        lead = wide.sub(wide[DEFAULT], axis=0)
        half = lead.sem() * stats.t.ppf(0.975, max(len(lead) - 1, 1))
        shown = wide.groupby("form", sort=False).mean().T.round(3)
        shown["lead"] = [
            f"{lead[name].mean():+.4f} [{lead[name].mean() - half[name]:+.4f}, "
            f"{lead[name].mean() + half[name]:+.4f}]"
            for name in shown.index
        ]
        shown["seconds"] = of_method.groupby("setting")["seconds"].mean().round(1)
        lines.append(f"{method}\n{shown.to_string()}\n")
    return "\n".join(lines)


def main() -> None:
    """Print the tables of all methods, or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", default=list(SETTINGS))
    parser.add_argument("--drugs", type=int, help="only screens of so many drugs at most")
    parser.add_argument("--output", default="results/bench/network_options.tsv")
    asked = parser.parse_args()
    found = []
    for what, training, test in screens():
        if asked.drugs and len(np.unique(training.drug)) > asked.drugs:
            continue
        what["training"] = len(training)
        for method in asked.methods:
            for name, options in {DEFAULT: {}, **SETTINGS[method]}.items():
                scored = score(method, options, training, test, what["seed"])
                found.append({**what, "method": method, "setting": name, **scored})
                print(*found[-1].values(), file=sys.stderr, flush=True)
    rows = pd.DataFrame(found)
    write_table(rows, asked.output)
    print(table(rows))


if __name__ == "__main__":
    main()
