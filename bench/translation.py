"""How fast does a translation train and translate, in how much memory? `make bench-translation`.

Generated samples of the paper's shape: 962 landmarks, 23,614 genes. Each step is trained on 5,000
samples a side; networks for ten steps of 100 samples at the paper's width. Wells are translated by
a process of its own to a file that is deleted again; `--whole` translates 50,000 instead of 10,000.
"""

import argparse
import multiprocessing
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import Ridge

from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.tsv import write_table
from lacuna.networks.training import Checkpoint, descend, random_stream
from lacuna.translation.card import available, step_card
from lacuna.translation.chain import Genes, Translation, fit_step
from lacuna.translation.genome import ridge
from lacuna.translation.interface import GenomeTraining, LandmarkTraining
from lacuna.translation.normalise import Reference
from lacuna.translation.trainers import cyclegan, extrapolator
from lacuna.translation.translate import write_translated

LANDMARKS, GENES, SAMPLES, PAIRS, STUDIES = 962, 23_614, 5000, 100, 50
WELLS, MANY_WELLS, FEW_WELLS = 10_000, 50_000, 2000
SLICE = 2000  # genes of the ridge regression that scikit-learn repeats
FACTORS, SEED = 30, 1
STEPS, BATCH, PAPER_SAMPLES, PAPER_EPOCHS = 10, 100, 50_000, 100
PAPER_WIDTHS, PAPER_WIDTH = [2048, 4096, 8192], 512


class Generated:
    """Samples of some factors, on both sides."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(SEED)
        self.loadings = self.rng.normal(size=(FACTORS, GENES)).astype("f4")
        self.base = self.rng.uniform(2, 9, GENES).astype("f4")

    def genome(self, samples: int) -> np.ndarray:
        """Draw log2 expression, float32 of shape (samples, genes)."""
        drawn = self.rng.standard_normal((samples, FACTORS), dtype=np.float32)
        made = self.base + 0.3 * drawn @ self.loadings
        return made + 0.3 * self.rng.standard_normal(made.shape, dtype=np.float32)

    def l1000(self, samples: int) -> np.ndarray:
        """Draw Level 3 profiles, float32 of shape (samples, landmarks)."""
        whole = self.base[:LANDMARKS] + 0.3 * (
            self.rng.standard_normal((samples, FACTORS), dtype=np.float32)
            @ self.loadings[:, :LANDMARKS]
        )
        return np.clip(5 + 0.5 * whole, 0.1, 15).astype("f4")


def time_steps(data: Generated) -> tuple[pd.DataFrame, dict[str, object]]:
    """Train every step but networks; return samples/s, and what was trained."""
    genome, l1000 = data.genome(SAMPLES), data.l1000(SAMPLES)
    landmarks = genome[:, :LANDMARKS]
    pairs = data.l1000(PAIRS), data.genome(PAIRS)[:, :LANDMARKS]
    study = np.arange(SAMPLES) % STUDIES
    trainings = {
        "landmarks": LandmarkTraining(l1000, landmarks, pairs),
        "genome": GenomeTraining(landmarks, genome, study, np.full(LANDMARKS, 0.3)),
    }
    rows, trained = [], {}
    for kind, training in trainings.items():
        for name in available(kind):
            if step_card(kind, name).network:
                continue
            begun = time.perf_counter()
            trained[name] = fit_step(kind, name, training, np.random.default_rng(SEED))
            seconds = time.perf_counter() - begun
            rows.append(("train " + name, "samples/s", SAMPLES / seconds, seconds))
            print(f"{name}: {seconds:.1f} s", flush=True)
    rows += compare_ridge(trainings["genome"])
    return pd.DataFrame(rows, columns=["what", "unit", "value", "seconds"]), trained


def compare_ridge(training: GenomeTraining) -> list[tuple[str, str, float, float]]:
    """Solve the same regression on a slice of genes by Lacuna and by scikit-learn."""
    part = GenomeTraining(
        training.landmarks, training.genome[:, :SLICE], training.study, np.zeros(LANDMARKS)
    )
    penalty = 1.0
    ours, choose = [], ridge.choose_penalty
    ridge.choose_penalty = lambda *_: penalty  # type: ignore[assignment]  # the same for both
    begun = time.perf_counter()
    ours = ridge.fit(part, np.random.default_rng(SEED))
    mine = time.perf_counter() - begun
    ridge.choose_penalty = choose
    x, y = part.landmarks.astype(float), np.asarray(part.genome, dtype=float)
    begun = time.perf_counter()
    theirs = Ridge(penalty * x.var(axis=0).mean(), solver="cholesky").fit(x, y)
    others = time.perf_counter() - begun
    difference = float(np.abs(ours.weights - theirs.coef_.T).max())
    return [
        (f"ridge of {SLICE} genes: scikit-learn's time / ours", "ratio", others / mine, mine),
        ("ridge: largest difference of weights", "log2 per log2", difference, 0.0),
    ]


def time_networks(data: Generated) -> pd.DataFrame:
    """Take ten steps of both networks at the paper's width, on each device there is."""
    rows = []
    genome, l1000 = data.genome(STEPS * BATCH), data.l1000(STEPS * BATCH)
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        y = torch.as_tensor(genome - genome.mean(axis=0)).to(device)
        a = torch.as_tensor(l1000 - l1000.mean(axis=0)).to(device)
        x = y[:, :LANDMARKS].contiguous()
        with random_stream(np.random.default_rng(SEED)):
            network = extrapolator.build(LANDMARKS, [*PAPER_WIDTHS, GENES]).to(device)
            optimiser = torch.optim.Adam(network.parameters(), 2e-4)

            def losses(
                network: torch.nn.Module = network, x: torch.Tensor = x, y: torch.Tensor = y
            ) -> Iterator[tuple[torch.Tensor, int]]:
                for rows in torch.arange(len(x), device=x.device).split(BATCH):
                    yield torch.nn.functional.mse_loss(network(x[rows]), y[rows]), BATCH

            begun = time.perf_counter(), time.process_time()
            descend(losses(), optimiser)
            rows += _hours("extrapolator, 2048-4096-8192", device, *begun)
            del network, optimiser
            gan = cyclegan.CycleGan(LANDMARKS, PAPER_WIDTH, skip=True).to(device)
            run = cyclegan.CycleTraining(
                gan, cyclegan.CycleLosses(10, 10), 2e-4, Checkpoint(None, "")
            )
            begun = time.perf_counter(), time.process_time()
            run.run([a, x], 1)
            rows += _hours("CycleGAN, 512", device, *begun)
    return pd.DataFrame(rows, columns=["what", "unit", "value", "seconds"])


def _hours(
    what: str, device: str, begun: float, cpu_begun: float
) -> list[tuple[str, str, float, float]]:
    """Say how fast ten steps were; what else the machine did is not in the hours of CPU."""
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu_begun
    times = PAPER_SAMPLES // BATCH * PAPER_EPOCHS / STEPS / 3600
    print(f"{what} on {device}: {STEPS} steps in {seconds:.1f} s, {cpu:.1f} s of CPU", flush=True)
    rows = [
        (f"train {what}, {device}", "samples/s", STEPS * BATCH / seconds, seconds),
        (f"{what}, {device}: the paper's epochs", "hours", seconds * times, seconds),
    ]
    if device == "cpu":
        rows.append((f"{what}, {device}: the paper's epochs", "hours of CPU", cpu * times, cpu))
    return rows


def translate(folder: Path, wells: int, ending: str, model: Translation, pipe: object) -> None:
    """Translate a file of so many wells; send seconds and peak memory."""
    begun = time.perf_counter()
    with Gctx(folder / f"{wells}.gctx") as matrix:
        symbols = pd.Series(model.genes.landmarks, index=model.genes.landmarks)
        known = pd.DataFrame({"cell": "A"}, index=matrix.columns)
        write_translated(folder / f"out.{ending}", model, matrix, symbols, known)
    # Not ru_maxrss, which a new process has from the one that began it.
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    pipe.send((time.perf_counter() - begun, int(line) / 1024))  # type: ignore[attr-defined]


def time_wells(data: Generated, trained: dict, counts: list[int]) -> pd.DataFrame:
    """Translate files by both kinds of chains that are quick, to both formats."""
    names = [f"G{number}" for number in range(GENES)]
    genes = Genes(names[:LANDMARKS], names)
    reference, stderr = Reference(np.linspace(0, 12, GENES)), np.ones(GENES, np.float32)
    context, rows = multiprocessing.get_context("spawn"), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for wells in counts:
            blocks = (data.l1000(1000) for _ in range(wells // 1000))
            columns = pd.DataFrame(index=[f"w{number}" for number in range(wells)])
            write_gctx(
                folder / f"{wells}.gctx", blocks, pd.DataFrame(index=genes.landmarks), columns
            )
        runs = [(wells, "ratio", "gctx") for wells in counts]
        runs += [(WELLS, "quantiles", "gctx"), (WELLS, "ratio", "h5ad")]
        for wells, first, ending in runs:
            steps = trained[first], trained["ridge"]
            model = Translation(genes, reference, "log2", (first, "ridge"), steps, stderr)
            mine, theirs = context.Pipe()
            job = context.Process(target=translate, args=(folder, wells, ending, model, theirs))
            job.start()
            seconds, peak = mine.recv()
            job.join()
            (folder / f"out.{ending}").unlink()
            what = f"{wells:,} wells by {first} + ridge to {ending}"
            print(f"{what}: {seconds:.1f} s, {peak:,.0f} MB", flush=True)
            rows.append((what, "wells/s", wells / seconds, seconds))
            rows.append((what, "MB at most", peak, seconds))
    return pd.DataFrame(rows, columns=["what", "unit", "value", "seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whole", action="store_true", help=f"translate {MANY_WELLS:,} wells, too")
    parser.add_argument("--output", default="results/bench/translation.tsv")
    options = parser.parse_args()
    data = Generated()
    steps, trained = time_steps(data)
    counts = [FEW_WELLS, WELLS, *([MANY_WELLS] if options.whole else [])]
    table = pd.concat([steps, time_wells(data, trained, counts), time_networks(data)])
    write_table(table, options.output)
    threads = f"{torch.get_num_threads()} threads of PyTorch"
    print(f"\n{LANDMARKS} landmarks, {GENES:,} genes; {threads}.")
    print(table.to_string(index=False, float_format="{:,.3g}".format))


if __name__ == "__main__":
    main()
