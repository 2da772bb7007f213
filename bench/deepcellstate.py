"""How fast does DeepCellState train at the paper's size, on a processor and on a GPU?

`make bench-deepcellstate` runs this, on a generated tensor. Both networks, that of the paper's text
and that of the authors' code, train for some epochs on some of the profiles. For the first one, an
epoch of the common stage and a round of the second one are timed on all profiles; with --whole, the
training to its end.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from paper_tensor import paper_tensor

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import train_method
from lacuna.completion.shared.other_cells import find_pairs
from lacuna.completion.trainers import deepcellstate
from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

FOLDS, SEED = 10, 1
AUTHORS_HOURS = 3  # of a Quadro RTX 6000, for this data
MOST = {
    stage: getattr(deepcellstate, stage) for stage in ("COMMON_EPOCHS", "ROUNDS", "FINAL_EPOCHS")
}
SOME = {False: 4096, True: 256}  # profiles to time an epoch with, by per_gene


def seconds(observed: ProfileSet, options: dict, **epochs: int) -> float:
    """Train with so many epochs of each stage; return how long it took."""
    for stage in MOST:
        setattr(deepcellstate, stage, epochs.get(stage, 0))
    started = time.perf_counter()
    train_method("deepcellstate", observed, SideInformation(), generator(SEED), options)
    return time.perf_counter() - started


def common_rate(observed: ProfileSet, options: dict) -> float:
    """Return profiles per second of the common stage, from the difference of 3 epochs and 1."""
    some = np.random.default_rng(SEED).permutation(len(observed))[: SOME[options["per_gene"]]]
    few = observed.take(np.sort(some))
    seconds(few, options, COMMON_EPOCHS=1)
    took = seconds(few, options, COMMON_EPOCHS=3) - seconds(few, options, COMMON_EPOCHS=1)
    return 2 * len(few) / took


def main() -> None:
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
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    rows = []
    for device in devices:
        for per_gene in (False, True):
            options = {"per_gene": per_gene, "device": device}
            rate = common_rate(observed, options)
            network = "of the authors' code" if per_gene else "of the text"
            rows.append({"device": device, "network": network, "profiles_per_s": rate})
            print(f"{device}, network {network}: {rate:,.0f} profiles/s", flush=True)
        options = {"per_gene": False, "device": device}
        start = seconds(observed, options)
        epoch = seconds(observed, options, COMMON_EPOCHS=1) - start
        a_round = seconds(observed, options, ROUNDS=1) - start
        rows[-2] |= {"s_per_epoch": epoch, "s_per_round": a_round}
        print(f"{device}: {epoch:.1f} s per epoch, {a_round:.0f} s per round", flush=True)
        if asked.whole:
            hours = seconds(observed, options, **MOST) / 3600
            rows[-2] |= {"hours": hours}
            share = hours / AUTHORS_HOURS
            print(f"{device}: {hours:.2f} h in all, {share:.2f} of the authors' {AUTHORS_HOURS} h")
    write_table(pd.DataFrame(rows), asked.output)


if __name__ == "__main__":
    main()
