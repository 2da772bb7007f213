"""What does each method need to complete the whole grid? `make bench-complete` runs this.

Each method that `completed:` may name fills a generated grid of the paper's size, in a process of
its own, and writes the product as the workflow does; structures and baseline expression are made
up. At the size of today's LINCS, a method that predicts pair by pair learns from all profiles and
predicts the first 20 blocks, from which the time of all is told; there the writing is measured by
itself, of predictions that are all 0. Networks train for one epoch of each stage: of them the
memory counts, not the time.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from paper_tensor import paper_tensor

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import available, card, is_control, options_of
from lacuna.completion.run import complete_in_blocks
from lacuna.completion.writer import write_completed
from lacuna.io.tsv import write_table
from lacuna.project.plan import memory_mb
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

SEED, BLOCKS = 1, 20
WRITING = "the writer alone"
PAPER, LINCS, QUICK = "paper", "LINCS today", "quick"
SIZES = {
    PAPER: {"drugs": 2130, "cells": 71, "genes": 978},
    LINCS: {"drugs": 8300, "cells": 164, "genes": 978},
    QUICK: {"drugs": 300, "cells": 15, "genes": 240},
}
LIMITS_MB = {PAPER: 3000, LINCS: 6000, QUICK: 1500}  # of methods that predict pair by pair


def run_one(folder: Path, method: str, blocks: int | None) -> None:
    """Complete the grid of a folder; prints what it took."""
    tensor = ProfileSet.load(folder / "tensor.h5")
    wanted = tensor.missing_pairs
    started = time.perf_counter()
    completions = complete_in_blocks(
        "zeros" if method == WRITING else method,
        *(tensor, wanted, made_up(tensor), generator(SEED, method), one_epoch(method)),
        folder / "work",
    )
    first = next(completions)  # after all that is learnt
    learnt, done = time.perf_counter(), len(first.profiles)
    if blocks is None:
        rest = (completion for part in ([first], completions) for completion in part)
        write_completed(folder / "product.gctx", tensor, rest, **axes(tensor))
        seconds = time.perf_counter() - started
    else:
        done += sum(len(part.profiles) for part in islice(completions, blocks - 1))
        each = (time.perf_counter() - learnt) / max(done - len(first.profiles), 1)
        seconds = learnt - started + each * (len(wanted) - len(first.profiles))
    took = {"seconds": seconds, "peak_mb": peak_mb(), "pairs_predicted": done}
    print(json.dumps(took | {"wanted": len(wanted)}))


def peak_mb() -> float:
    """Return the most memory that this process has held (getrusage counts its parent's too)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1.024 / 1e3


def one_epoch(method: str) -> dict[str, int]:
    """Return the options with which a network trains for one epoch of each stage."""
    brief = ("epochs", "common_epochs", "rounds", "epoch_steps")
    options = () if method == WRITING else options_of(method)
    return {name: 1 for name in brief if name in options}


def made_up(tensor: ProfileSet) -> SideInformation:
    """Return a structure for every drug, and expression for every cell; they say nothing."""
    number = np.arange(len(tensor.drugs))
    chains = [number % 30 + 1, number // 30 % 30 + 1, number // 900 + 1]
    smiles = [f"{'C' * a}N{'C' * b}O{'C' * c}" for a, b, c in zip(*chains, strict=True)]
    shape = (len(tensor.cells), len(tensor.genes))
    return SideInformation(
        np.array(smiles), np.random.default_rng(SEED).normal(size=shape).astype(np.float32)
    )


def axes(tensor: ProfileSet) -> dict[str, pd.DataFrame]:
    """Return what the product says of drugs, cells and genes: their names."""
    return {
        "drugs": pd.DataFrame({"drug": tensor.drugs, "name": tensor.drugs}),
        "cells": pd.DataFrame({"cell": tensor.cells, "lineage": ""}),
        "genes": pd.DataFrame({"gene": tensor.genes, "symbol": tensor.genes}),
    }


def measure(folder: Path, size: str, method: str) -> dict[str, object]:
    """Complete a grid in a process of its own; returns what it took, beside the limits."""
    is_part = size == LINCS and method != WRITING
    command = [sys.executable, __file__, "--one", str(folder), method]
    done = subprocess.run(
        [*command, *([str(BLOCKS)] if is_part else [])], stdout=subprocess.PIPE, text=True
    )
    row = {"size": size, "method": method}
    if done.returncode:
        return row | {"fault": f"ended with {done.returncode}"}
    took = json.loads(done.stdout.splitlines()[-1])
    tensor_mb = (folder / "tensor.h5").stat().st_size / 1e6
    holds_grid = method != WRITING and card(method).grids
    limit = None if holds_grid else LIMITS_MB[size]
    asked = None if method == WRITING else memory_mb(method, tensor_mb)
    return {
        **row,
        "seconds": took["seconds"],
        "of_pairs": took["pairs_predicted"] / took["wanted"],
        "peak_mb": took["peak_mb"],
        "limit_mb": limit,
        "asked_mb": asked,
        "tensor_mb": tensor_mb,
        "fault": " and ".join(
            words
            for words, most in (("above the limit", limit), ("above what is asked", asked))
            if most is not None and took["peak_mb"] > most
        ),
    }


def methods_of(size: str, asked: list[str] | None) -> list[str]:
    """Return what is measured at a size."""
    if asked:
        return asked
    every = [
        name
        for name in available()
        if not is_control(name) and (not card(name).package or find_spec(card(name).package))
    ]
    return [WRITING, *(name for name in every if size != LINCS or not card(name).grids)]


def main() -> None:
    """Measure, print and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", default="results/bench/complete.tsv")
    arguments.add_argument("--quick", action="store_true", help="on a small grid, to try it")
    arguments.add_argument("--sizes", nargs="+", choices=[PAPER, LINCS], default=[PAPER, LINCS])
    arguments.add_argument("--methods", nargs="+", help="all by default")
    arguments.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        folder, method, *blocks = options.one
        return run_one(Path(folder), method, int(blocks[0]) if blocks else None)
    rows = []
    for size in [QUICK] if options.quick else options.sizes:
        with tempfile.TemporaryDirectory(dir=".") as name:
            made = paper_tensor(**SIZES[size])
            known = pd.DataFrame({"replicates": np.full(len(made), 3), "acd": 0.5})
            replace(made, reliability=known).save(Path(name) / "tensor.h5")
            for method in methods_of(size, options.methods):
                rows.append(measure(Path(name), size, method))
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
                write_table(pd.DataFrame(rows), options.output)
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:,.3g}".format, na_rep=""))


if __name__ == "__main__":
    main()
