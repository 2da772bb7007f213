"""How fast is each method at the paper's size, in how much memory, and how good?

`make bench-completion` runs this. Every fold is predicted in a process of its own, as the workflow
does it. FaLRTC stands beside the plain port in plain_falrtc.py: per evaluation on the same tensor,
and with its whole answer on a smaller one.
"""

import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from paper_tensor import paper_tensor
from plain_falrtc import WEIGHTS, evaluations, objective, plain_falrtc

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods.falrtc import FIRST_L, falrtc
from lacuna.completion.run import run_method
from lacuna.completion.shared.dense import ObservedTensor
from lacuna.evaluation.splits import folds_by_profile
from lacuna.io.tsv import write_table
from lacuna.runtime.device import find_device
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

FOLDS, SEED = 10, 1
# name, method, options, how many of the ten folds to run
RUNS = [
    ("1D-Mean", "mean_1d", {}, 10),
    ("2D-Mean", "mean_2d", {}, 10),
    ("DNPP", "dnpp", {}, 10),
    ("KNN, cells", "knn_cells", {}, 10),
    ("KNN, drugs and cells", "knn_drugs_cells", {}, 10),
    ("Additive", "additive", {}, 10),
    ("NTK", "ntk", {}, 1),
    ("Kernel", "kernel", {}, 2),
    ("Blend", "blend", {}, 1),
    ("FaLRTC", "falrtc", {"device": "cpu"}, 1),
    ("Soft-Impute", "soft_impute", {"device": "cpu"}, 1),
    ("TMac", "tmac", {"device": "cpu"}, 1),
    ("FaLRTC, 100 gene components", "falrtc", {"device": "cpu", "gene_components": 100}, 2),
]
ON_GPU = ("FaLRTC, GPU", "falrtc", {"device": "cuda"}, 10)
PLAIN = "FaLRTC, plain port"
PLAIN_EVALUATIONS = 3
SMALLER = {"drugs": 300, "genes": 400, "cells": 12}


def predict(folder: Path, method: str, options: dict, fold: int) -> None:
    """Predict one fold as the workflow's job does; prints what it took."""
    tensor = ProfileSet.load(folder / "tensor.h5")
    is_held_out = np.load(folder / "folds.npy") == fold
    before, started = peak_bytes(), time.perf_counter()
    completion = run_method(
        method,
        tensor.take(~is_held_out),
        tensor.take(is_held_out).pairs,
        SideInformation(),
        generator(SEED, method, fold),
        options,
    )
    seconds = time.perf_counter() - started
    completion.save(folder / f"{fold}.h5")
    peak = peak_bytes()
    took = {"seconds": seconds, "peak": peak / 2**30, "working": (peak - before) / 2**30}
    print(json.dumps(took))


def peak_bytes() -> int:
    """Return the most memory that this process has held (getrusage counts its parent's too)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def run_fold(folder: Path, method: str, options: dict, fold: int) -> tuple[dict, str]:
    """Predict one fold in a process of its own; returns what it took, and its log."""
    command = [sys.executable, __file__, "--predict", str(folder), method, json.dumps(options)]
    started = time.perf_counter()
    log = subprocess.run(
        [*command, str(fold)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return json.loads(log.splitlines()[-1]) | {"wall": time.perf_counter() - started}, log


def measure(
    folder: Path, tensor: ProfileSet, name: str, method: str, options: dict, folds: int
) -> dict[str, object]:
    """Run a method on some folds."""
    took, logs, predicted, truth = [], [], [], []
    fold_of = np.load(folder / "folds.npy")
    for fold in range(folds):
        one, log = run_fold(folder, method, options, fold)
        took.append(one)
        logs.append(log)
        predicted.append(unit_rows(Completion.load(folder / f"{fold}.h5").profiles))
        truth.append(tensor.profiles[fold_of == fold])
        print(f"{name}, fold {fold}: {one['wall']:.1f} s", file=sys.stderr)
    mean = pd.DataFrame(took).mean()
    return {
        "method": name,
        "folds run": folds,
        "s per fold": mean["seconds"],
        "start-up, s": mean["wall"] - mean["seconds"],
        "10 folds, min": FOLDS * mean["wall"] / 60,
        "peak, GiB": max(one["peak"] for one in took),
        "PCT, simulated": pooled_correlation(predicted[0], truth[0]),
        "PCT, folds run": pooled_correlation(np.concatenate(predicted), np.concatenate(truth)),
        "log": logs[0],
    }


def measure_plain(tensor: ProfileSet, fold_of: np.ndarray) -> float:
    """Return the seconds of one evaluation of the plain port at full size."""
    values, known = dense(tensor.take(fold_of != 0))
    times = [time.perf_counter()]
    for _ in itertools.islice(evaluations(values, known), PLAIN_EVALUATIONS + 1):
        times.append(time.perf_counter())
    return float(np.mean(np.diff(times)[1:]))  # the first holds the preparation


def count_evaluations(log: str) -> tuple[int, int]:
    """Return how many iterations FaLRTC made, and how many steps the plain port tries in them."""
    *_, (iteration, big_l) = re.findall(r"iteration (\d+) .* L (\S+)", log)
    return int(iteration), int(iteration) + round(np.log2(float(big_l) / FIRST_L))


def compare_answers() -> dict[str, float]:
    """Run both to the end on a smaller tensor."""
    tensor = paper_tensor(**SMALLER)
    fold_of = folds_by_profile(tensor, FOLDS, generator(SEED, "folds"))
    observed, held_out = tensor.take(fold_of != 0), tensor.take(fold_of == 0)
    values, known = dense(observed)
    started = time.perf_counter()
    plain = plain_falrtc(values, known)
    middle = time.perf_counter()
    *_, last = falrtc(ObservedTensor.from_profiles(observed, find_device("cpu")), WEIGHTS, 20, 0.1)
    ours, ended = np.moveaxis(last.y, 1, 2), time.perf_counter()
    alpha, mu = WEIGHTS / WEIGHTS.sum(), 0.01 * WEIGHTS / np.sqrt(values.shape)
    known = np.broadcast_to(known, values.shape)
    return {
        "PCT, plain": pooled_correlation(*in_pairs(plain, held_out)),
        "PCT, ours": pooled_correlation(*in_pairs(ours, held_out)),
        "largest difference of an entry": float(np.abs(ours - plain).max()),
        "observed entries changed": int((ours != values)[known].sum()),
        "objective, ours / plain": objective(ours, alpha, mu)[0] / objective(plain, alpha, mu)[0],
        "seconds, plain / ours": (middle - started) / (ended - middle),
    }


def dense(tensor: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return the tensor (drugs, genes, cells), and which profiles are known."""
    values = np.zeros((len(tensor.drugs), len(tensor.genes), len(tensor.cells)), np.float32)
    values[tensor.drug, :, tensor.cell] = tensor.profiles
    return values, tensor.measured[:, None, :]


def in_pairs(filled: np.ndarray, held_out: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and true profiles."""
    return unit_rows(filled[held_out.drug, :, held_out.cell]), held_out.profiles


def pooled_correlation(predicted: np.ndarray, truth: np.ndarray) -> float:
    """PCT."""
    return float(np.corrcoef(predicted.ravel(), truth.ravel())[0, 1])


def main() -> None:
    """Measure, print and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", default="results/bench/completion.tsv")
    arguments.add_argument("--predict", nargs=4, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.predict:
        folder, method, method_options, fold = options.predict
        return predict(Path(folder), method, json.loads(method_options), int(fold))
    tensor = paper_tensor()
    fold_of = folds_by_profile(tensor, FOLDS, generator(SEED, "folds"))
    runs = [*RUNS, ON_GPU] if find_device("auto").name == "cuda" else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tensor.save(folder / "tensor.h5")
        np.save(folder / "folds.npy", fold_of)
        table = pd.DataFrame([measure(folder, tensor, *run) for run in runs])
    per_evaluation = measure_plain(tensor, fold_of)
    iterations, evaluated = count_evaluations(table.set_index("method")["log"]["FaLRTC"])
    table = table.drop(columns="log")
    plain = per_evaluation * evaluated
    table.loc[len(table)] = {"method": PLAIN, "folds run": 0, "s per fold": plain}
    is_falrtc = table["method"].str.startswith("FaLRTC")
    table["plain / this"] = (plain / table["s per fold"]).where(is_falrtc)
    shape = f"{len(tensor.drugs):,} x {len(tensor.genes)} x {len(tensor.cells)}"
    print(f"Generated tensor: {shape}, {len(tensor):,} profiles ({tensor.measured.mean():.1%})")
    print(table.to_string(index=False, float_format="{:,.3g}".format, na_rep=""))
    print(
        f"\nPlain port: {per_evaluation:.1f} s an evaluation, {plain / iterations:.0f} s an "
        f"iteration; a fold of {evaluated} evaluations is computed from these."
    )
    share = table["start-up, s"].sum() / (table["start-up, s"] + table["s per fold"]).sum()
    print(f"Start-up of the methods above: {share:.1%} of the wall time of a fold of each.")
    smaller = " x ".join(map(str, SMALLER.values()))
    print(f"\nThe whole answer, on {smaller}:")
    answers = pd.Series(compare_answers())
    print(answers.to_string(float_format="{:,.5g}".format))
    write_table(table, options.output)


if __name__ == "__main__":
    main()
