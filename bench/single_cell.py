"""How fast does chemCPA train at the paper's size? `make bench-single-cell`.

Random observations of the paper's shapes: wells of 977 genes under 17,203 drugs in 82 lines, and
cells of 2,000 genes under 188 drugs in 3. Epochs of some steps are timed, and the hours of an
epoch of 840,677 wells and 581,776 cells follow; then a prediction of conditions, and how much
memory a matrix takes that stays in its file: 100,000 cells, and with --whole all 581,776.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from lacuna.io.tsv import write_table
from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.model.predicting import over_cells
from lacuna.single_cell.model.train import train
from lacuna.single_cell.observations import InMemory, open_observations, write_observations

RESULTS = "results/bench/single_cell.tsv"
STEPS = 40  # timed
DESCRIPTORS = 200
WHERE = {  # observations, genes, drugs, lines; presets and batches of the paper and of ours
    "bulk": (840_677, 977, 17_203, 82, (("v1", 128), ("head", 256), ("corrected", 256))),
    "cells": (581_776, 2_000, 188, 3, (("v1", 32), ("head", 256), ("corrected", 256))),
}
CONTROLS = 4_400  # of a line in sci-Plex3
STREAMED = 100_000  # cells in a file, of which an epoch is read; without --whole
CPU = "cpu"


def drugs_of(count: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Molecules]:
    """Make up drugs with descriptors."""
    names = [f"drug {number}" for number in range(count)]
    columns = ["smiles", "inchi_key", "block", "scaffold", "pathway"]
    table = pd.DataFrame({column: names for column in columns}, index=names)
    known = [*names, CONTROL_SMILES]
    vectors = pd.DataFrame(rng.standard_normal((count + 1, DESCRIPTORS), np.float32), index=known)
    return table, Molecules.of(Source("made up"), dict(zip(names, names, strict=True)), vectors)


def obs_of(count: int, drugs: int, lines: int, rng: np.random.Generator) -> pd.DataFrame:
    """Make up conditions; one in twenty observations is a control."""
    control = rng.random(count) < 0.05
    names = np.char.add("drug ", rng.integers(drugs, size=count).astype(str)).astype(object)
    return pd.DataFrame(
        {
            "drug": np.where(control, CONTROL, names),
            "line": np.char.add("line ", rng.integers(lines, size=count).astype(str)),
            "dose": np.where(control, 0.0, rng.choice([0.01, 0.1, 1.0, 10.0], count)),
            "control": control,
        },
        index=[f"cell {number}" for number in range(count)],
    )


def examples_of(kind: str, rng: np.random.Generator, batch: int) -> Examples:
    """Make up observations for some steps; each drug of the paper is among the adversary's."""
    _, genes, drugs, lines, _ = WHERE[kind]
    table, molecules = drugs_of(drugs, rng)
    count = max(STEPS * batch, 2 * drugs)
    obs = obs_of(count, drugs, lines, rng)
    obs.iloc[:drugs] = obs.iloc[:drugs].assign(drug=table.index, control=False, dose=1.0)
    matrix = rng.standard_normal((count, genes), np.float32)
    names = pd.Index([f"G{number}" for number in range(genes)])
    held = InMemory(kind, obs, table, names, matrix)  # type: ignore[arg-type]
    return Examples.of(held, np.arange(count), names, molecules)


def seconds_per_row(examples: Examples, **options: object) -> float:
    """Train one epoch and two, after one that warms up."""

    def spent(epochs: int) -> float:
        start = time.perf_counter()
        train(examples, None, np.random.default_rng(0), epochs=epochs, **options)
        return time.perf_counter() - start

    spent(1)
    once, twice = (min(spent(epochs) for _ in range(2)) for epochs in (1, 3))
    return max(twice - once, 1e-9) / 2 / len(examples)


def main() -> None:
    """Time, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--whole", action="store_true", help="stream as many cells as sci-Plex3 has"
    )
    streaming = WHERE["cells"][0] if parser.parse_args().whole else STREAMED
    threads = f"CPU, {torch.get_num_threads()} threads"
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else threads
    rng, rows = np.random.default_rng(0), []

    def tell(what: str, value: float, unit: str) -> None:
        rows.append({"what": what, "value": value, "unit": unit, "device": device})
        print(f"{what}: {value:,.3g} {unit} ({device})", flush=True)

    for kind, (count, genes, drugs, _, tried) in WHERE.items():
        for preset, batch in tried:
            examples = examples_of(kind, rng, batch)
            spent = seconds_per_row(examples, preset=preset, batch=batch)
            name = f"{kind}, {genes:,} genes, {drugs:,} drugs, {preset}, batches of {batch}"
            tell(name, 1 / spent, "observations/s")
            tell(f"{name}: a step", 1000 * spent * batch, "ms")
            tell(f"{name}: an epoch of {count:,}", count * spent / 3600, "hours")
    model = train(examples, None, rng, epochs=1, batch=256)
    some = examples.rows(np.arange(min(CONTROLS, len(examples))))
    base = Base(np.resize(some, (CONTROLS, some.shape[1])), np.full(CONTROLS, "line 0", object))
    start = time.perf_counter()
    cells = model.basal_states(base)
    shift = torch.zeros(model.settings.dimensions, device=model.device)
    for _ in range(5):
        over_cells(model.network, cells, np.arange(CONTROLS), shift, "total")
    tell(f"a condition from {CONTROLS:,} controls", (time.perf_counter() - start) / 5, "s")
    streamed(tell, rng, streaming)
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.DataFrame(rows), RESULTS)
    print(f"Written: {RESULTS}")


def streamed(tell: Callable[[str, float, str], None], rng: np.random.Generator, count: int) -> None:
    """Train on cells that stay in their file: one in ten of a cell's counts is not zero."""
    from scipy import sparse

    table, molecules = drugs_of(188, rng)
    obs = obs_of(count, 188, 3, rng)
    names = pd.Index([f"G{number}" for number in range(2000)])
    with TemporaryDirectory() as folder:
        paths = Path(folder) / "cells.h5ad", Path(folder) / "drugs.tsv"
        blocks = (
            {"X": sparse.random(size, 2000, 0.1, "csr", np.float32, random_state=rng)}
            for size in np.diff([*range(0, count, 1000), count])
        )
        write_observations(*paths, "cells", obs, table, names, blocks)
        opened = open_observations(*paths, in_memory=0)
        examples = Examples.of(opened, np.arange(count), names, molecules)
        from lacuna.single_cell.model import reading

        reading.HELD_BYTES = 0
        start = time.perf_counter()
        with tqdm(total=1, desc="streamed"):
            train(examples, None, rng, epochs=1)
        spent = time.perf_counter() - start
        tell(f"cells left in their file, {count:,}", count / spent, "observations/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    tell("most memory that all of this took", peak / 2**20, "GiB")


if __name__ == "__main__":
    main()
