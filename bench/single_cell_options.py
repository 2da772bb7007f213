"""Which options learn a planted screen, and how fast? `make bench-single-cell-options`.

Cells of the generator `planted_cells` (no simulated screen of the tests or the demo): 60 drugs at
four doses in three lines, 20 of the drugs held out. Told are the correlation of predicted and
planted change of drugs never seen, over all doses and at the highest, the squared error as a share
of that of "nothing changes", and seconds of one core.
Then pretraining on wells of another scale, and a line that was never trained on. Means over seeds.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from planted_cells import World, planted_cells

from lacuna.io.tsv import write_table
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.train import train
from lacuna.single_cell.model.trained import Trained
from lacuna.single_cell.model.validation import Scorer, Validation, correlation

RESULTS = "results/bench/single_cell_options.tsv"
SEEDS = range(3)
HIGHEST = 10.0
MEASURES = ("change_r", "highest_dose_r", "relative_mse")
SMALL: dict[str, Any] = {
    "autoencoder_width": 64, "autoencoder_depth": 2, "encoder_width": 64, "encoder_depth": 2,
    "adversary_width": 64, "adversary_depth": 2, "doser_width": 32, "doser_depth": 1,
    "dimensions": 16, "batch": 128, "autoencoder_rate": 3e-3, "doser_rate": 3e-3, "epochs": 24,
    "check_every": 2, "patience": 99, "device": "cpu",
}  # fmt: skip
WIDE = {
    "autoencoder_width": 256, "autoencoder_depth": 4, "encoder_width": 128, "encoder_depth": 4,
    "adversary_width": 128, "adversary_depth": 3, "doser_width": 64, "doser_depth": 3,
    "dimensions": 32,
}  # fmt: skip
TRIED: dict[str, dict[str, Any]] = {
    "small": {},
    "12 epochs": {"epochs": 12},
    "batches of 256": {"batch": 256},
    "batches of 64, 12 epochs": {"batch": 64, "epochs": 12},
    "rate of the default": {"autoencoder_rate": 1.575e-3, "doser_rate": 5.61e-4},
    "widths of the default": WIDE,
    "no adversaries": {"adversary_steps": 0},
    "genes: raw": {"genes": "raw"},
    "order: scaled_input": {"order": "scaled_input"},
    "doser: linear": {"doser": "linear"},
    "controls: drug": {"controls": "drug"},
    "checkpoint: last": {"checkpoint": "last"},
    "offset: none": {"offset": "none"},
    "base: pooled, offset: none": {"base": "pooled", "offset": "none"},
}


def told(
    model: Trained, world: World, test: Examples, training: Examples
) -> tuple[float, float, float]:
    """Return how well change is told: r over conditions, r at the highest dose, relative error.

    The truth is what is planted. Measured change would share the noise of controls with what is
    predicted, less those same controls: that alone correlates where a dose does nothing.
    """
    scorer = Scorer(Validation(test), training, model, np.random.default_rng(1))
    mean, _ = scorer.predict(model)
    first = scorer.measured.first
    dose = test.dose[first, :1].astype(float)
    number = test.drug[first, 0] - 1  # the vehicle is the first
    lines = test.lines.str.removeprefix("line ").astype(int).to_numpy()[test.line[first]]
    truth = world.change[number, lines][:, : len(test.genes)] * dose / (dose + 1)
    said = mean - scorer.control
    found = correlation(said, truth)
    error = np.square(said - truth).sum() / np.square(truth).sum()
    highest = np.isclose(dose[:, 0], HIGHEST)
    return float(found.mean()), float(found[highest].mean()), float(error)


def learning(options: dict[str, Any], seed: int) -> dict[str, float]:
    """Train on 36 drugs, validate on 4, test on 20."""
    world = planted_cells(
        drugs=60, doses=(0.01, 0.1, 1.0, HIGHEST), cells=28, controls=500, genes=500, noise=1.5,
        effect=0.7, seed=seed,
    )  # fmt: skip
    drugs = world.drugs
    training = world.examples(drugs[:36])
    validation = Validation(world.examples(drugs[36:40], controls=10))
    start = time.process_time()
    model = train(training, validation, np.random.default_rng(seed), **SMALL | options)
    spent = time.process_time() - start
    found = told(model, world, world.examples(drugs[40:], controls=3), training)
    return dict(zip(MEASURES, found, strict=True)) | {"seconds": spent}


def scaled(world: World, factor: float, added: float) -> World:
    """Return the world as another platform shows it."""
    held = world.observations
    held._matrices["X"] = (held._matrices["X"] * factor + added).astype(np.float32)
    return replace(world, change=world.change * factor)


def transfer(how: str, seed: int) -> dict[str, float]:
    """Pretrain on wells of 150 compounds and 40 of 60 genes, on a scale four times as wide."""
    options = SMALL | {"epochs": 60, "check_every": 5}
    wells = scaled(
        planted_cells(kind="bulk", names="compound", drugs=150, noise=0.5, seed=seed + 10), 2, 4
    )
    cells = scaled(planted_cells(cells=10, drugs=30, noise=1.0, seed=seed), 0.5, 0)
    shared = cells.observations.genes[:40]
    genes = shared if how.endswith("same genes") else None
    drugs, rng = cells.drugs, np.random.default_rng(seed)
    training = cells.examples(drugs[:16], genes=genes)
    validation = Validation(cells.examples(drugs[16:20], controls=4, genes=genes))
    start = None
    if not how.startswith("scratch"):
        names = wells.drugs
        start = train(
            wells.examples(names[:135], genes=shared),
            Validation(wells.examples(names[135:], controls=4, genes=shared)),
            rng, **options | {"epochs": 40},
        )  # fmt: skip
    extension = {"extension": how} if how in ("adapters", "matched") else {}
    model = train(
        training, validation, np.random.default_rng(seed), None, start, **options | extension
    )
    found = told(model, cells, cells.examples(drugs[20:], genes=genes), training)
    return dict(zip(MEASURES, found, strict=True))


def new_line(options: dict[str, Any], seed: int) -> dict[str, float]:
    """Leave one of six lines out; nothing but its controls is looked at."""
    world = planted_cells(cells=8, drugs=30, lines=6, seed=seed)
    whole = world.examples(world.drugs)
    known = whole.line < 5
    parts = ("positions", "drug", "dose", "line", "control")
    training, test = (
        replace(whole, **{name: getattr(whole, name)[which] for name in parts})
        for which in (known, ~known)
    )
    training = replace(training, lines=whole.lines[:5])
    model = train(training, None, np.random.default_rng(seed), **SMALL | options)
    return dict(zip(MEASURES, told(model, world, test, training), strict=True))


def main() -> None:
    """Train, print, write."""
    rows: list[dict[str, Any]] = []

    def tell(what: str, name: str, run: Callable[[int], dict[str, float]]) -> None:
        found = pd.DataFrame([run(seed) for seed in SEEDS])
        rows.append({"what": what, "options": name, "seeds": len(found), **found.mean()})
        values = ", ".join(f"{key} {value:.3f}" for key, value in found.mean().items())
        print(f"{what}: {name}: {values}", flush=True)

    for name, options in TRIED.items():
        tell("unseen drugs", name, lambda seed, options=options: learning(options, seed))
    for how in ("scratch", "adapters", "matched", "scratch, same genes", "same genes"):
        tell("pretraining", how, lambda seed, how=how: transfer(how, seed))
    for offset in ("none", "controls"):
        options = {"offset": offset}
        tell("new line", f"offset: {offset}", lambda seed, options=options: new_line(options, seed))
    Path(RESULTS).parent.mkdir(parents=True, exist_ok=True)
    write_table(pd.DataFrame(rows), RESULTS)
    print(f"Written: {RESULTS}")


if __name__ == "__main__":
    main()
