"""How fast do DeepCellState and its rivals train, on a processor and on a GPU?

`make bench-deepcellstate` runs this, on a generated tensor of the paper's size. Every network takes
an epoch to warm up and two that are timed: what counts are the profiles, or pairs of profiles, that
it learns from in a second. DeepCellState's network of the authors' code learns from some profiles
of two cells, as theirs; the others from those of all cells. With --whole, DeepCellState trains to
its end. A table for docs/performance.md is printed last.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from accuracy import markdown
from paper_tensor import paper_tensor

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import method_label
from lacuna.completion.run import train_method
from lacuna.completion.shared.other_cells import find_pairs
from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

FOLDS, SEED = 10, 1
AUTHORS_HOURS = 3  # of a Quadro RTX 6000, for this data
WARM, TIMED = 1, 2  # epochs
SOME, SOME_PER_GENE = 4096, 256  # profiles to learn from
NETWORKS = {
    "DeepCellState, of the text": ("deepcellstate", {}),
    "DeepCellState, of the authors' code": ("deepcellstate", {"per_gene": True}),
    method_label("vae_anchor"): ("vae_anchor", {}),
    method_label("dual_gan"): ("dual_gan", {}),
    method_label("scgen"): ("scgen", {}),
}
EPOCHS = {
    "deepcellstate": {"epochs": WARM + TIMED, "rounds": 1, "epoch_steps": 1},
    "vae_anchor": {"common_epochs": 1, "epochs": WARM + TIMED},
    "dual_gan": {"epochs": WARM + TIMED},
    "scgen": {"epochs": WARM + TIMED},
}


class Enough(Exception):
    """So many epochs are timed."""


@contextmanager
def timed(method: str) -> Iterator[list[tuple[int, float]]]:
    """Yield a list that gets, from each epoch of a method, its rows and seconds; then end it."""
    module = import_module(f"lacuna.completion.trainers.{method}")
    descend, took = module.descend, []

    def counting(losses: Iterator[tuple[torch.Tensor, int]], optimiser: object) -> float:
        rows = 0

        def passed() -> Iterator[tuple[torch.Tensor, int]]:
            nonlocal rows
            for loss, count in losses:
                rows += count
                yield loss, count

        started = time.perf_counter()
        loss = descend(passed(), optimiser)  # which ends with a number: the GPU has done its work
        took.append((rows, time.perf_counter() - started))
        if len(took) == WARM + TIMED:
            raise Enough
        return loss

    with patch.object(module, "descend", counting), suppress(Enough):
        yield took


def rate(method: str, options: dict[str, object], observed: ProfileSet) -> float:
    """Return from how many profiles or pairs a second a method learns."""
    with timed(method) as took:
        given = options | EPOCHS[method]
        train_method(method, observed, SideInformation(), generator(SEED), given)
    rows, seconds = np.array(took[WARM:]).sum(axis=0)
    return float(rows / seconds)


def some_profiles(observed: ProfileSet, per_gene: bool) -> ProfileSet:
    """Return what a network learns from while it is timed."""
    if not per_gene:
        chosen = np.random.default_rng(SEED).permutation(len(observed))[:SOME]
        return observed.take(np.sort(chosen))
    largest = np.argsort(np.bincount(observed.cell))[-2:]
    return observed.take(np.flatnonzero(np.isin(observed.cell, largest))[:SOME_PER_GENE])


def main() -> None:
    """Time all networks on each device, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default="results/bench/deepcellstate.tsv")
    parser.add_argument("--whole", action="store_true", help="train to the end on each device")
    asked = parser.parse_args()
    tensor = paper_tensor()
    fold = folds_by_profile(tensor, FOLDS, generator(SEED, "folds"))
    observed = tensor.take(fold != 0)
    pairs = len(find_pairs(observed)[0]) + len(observed)
    print(
        f"{len(observed):,} training profiles, {pairs:,} pairs; {torch.get_num_threads()} threads"
    )
    rows = []
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        for name, (method, options) in NETWORKS.items():
            few = some_profiles(observed, bool(options))
            found = rate(method, options | {"device": device}, few)
            row = {"device": device, "network": name, "per_second": found}
            if method == "deepcellstate" and not options:
                row |= {"s_per_epoch": len(observed) / found, "s_per_round": 2 * pairs / found}
                if asked.whole:
                    began = time.perf_counter()
                    given = {"device": device}
                    train_method(method, observed, SideInformation(), generator(SEED), given)
                    row["hours"] = (time.perf_counter() - began) / 3600
            rows.append(row)
            print(f"{device}, {name}: {found:,.0f} a second", flush=True)
    table = pd.DataFrame(rows)
    write_table(table, asked.output)
    head = ["device", "network", "profiles or pairs a second", "s per epoch and round of all"]
    spans = ["s_per_epoch", "s_per_round"]
    print(f"\nFor docs/performance.md; the authors' {AUTHORS_HOURS} h are for a GPU:\n")
    lines = []
    for row in rows:
        spent = ", ".join(f"{row[span]:,.0f}" for span in spans if span in row)
        lines.append([row["device"], row["network"], f"{row['per_second']:,.0f}", spent])
    print(markdown(head, lines))


if __name__ == "__main__":
    main()
