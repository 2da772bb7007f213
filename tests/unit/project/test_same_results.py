"""The command that compares results before and after the library was ordered by stage."""

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from same_results import compare, moved

COMMAND = Path(__file__).parents[3] / "bench/same_results.py"
SPLIT = "crossval/small/elsewhere/dnpp"
METRICS = "size\tsplit\tmethod\tvalue\nsmall\telsewhere\tdnpp\t0.5\nsmall\tdrugs\tdnpp\t0.25\n"


def write(folder, path, text):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def write_hdf5(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["version"] = "1"
        for name, array in arrays.items():
            file[f"group/{name}"] = array


@pytest.fixture
def old(tmp_path):
    folder = tmp_path / "old"
    write(folder, "metrics.tsv", METRICS)
    write(folder, "density/dnpp/pct_0.tsv", "percent\tpct\n10\t0.5\n")
    write(folder, "figures/coverage.tsv", "drug\tMCF7\na\t1\n")
    write(folder, "figures/coverage.svg", "<svg/>")
    write(folder, "logs/build_tensor.log", "12:00:00")
    write(folder, "benchmarks/build_tensor.tsv", "s\n1\n")
    write_hdf5(folder / SPLIT / "predicted_0.h5", profiles=np.float32([0.5, np.nan]), names=["a"])
    torch.save({"weights": {"layer": torch.ones(2)}}, folder / "cell_to_cell.pt")
    return folder


@pytest.fixture
def new(old, tmp_path):
    """The same results in their places of today, written anew at another time."""
    folder = tmp_path / "new"
    write(folder, "metrics.tsv", METRICS.replace("elsewhere", "cell_transfer"))
    write(folder, "evaluation/density/dnpp/pct_0.tsv", "percent\tpct\n10\t0.5\n")
    write(folder, "tensor/figures/coverage.tsv", "drug\tMCF7\na\t1\n")
    write(folder, "tensor/figures/coverage.svg", "<svg><!-- redrawn --></svg>")
    write(folder, "logs/build_tensor.log", "13:00:00")
    predicted = folder / "evaluation/small/cell_transfer/dnpp/predicted_0.h5"
    write_hdf5(predicted, names=["a"], profiles=np.float32([0.5, np.nan]))
    torch.save({"weights": {"layer": torch.ones(2)}}, folder / "cell_to_cell.pt")
    return folder


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("crossval/small/elsewhere/folds.tsv", "evaluation/small/cell_transfer/folds.tsv"),
        ("density.tsv", "evaluation/density.tsv"),
        ("density/sizes.tsv", "evaluation/density/sizes.tsv"),
        ("classes/kernel/bootstrap.h5", "classification/kernel/bootstrap.h5"),
        ("published.tsv", "report/published.tsv"),
        ("figures/deg_roc.png", "evaluation/figures/deg_roc.png"),
        ("figures/transfer.tsv", "cell_to_cell/figures/transfer.tsv"),
        ("metrics.tsv", "metrics.tsv"),
        ("completed/blend.gctx", "completed/blend.gctx"),
    ],
)
def test_every_file_has_one_place_of_today(before, now):
    assert moved(before) == now


def test_the_same_results_are_the_same_with_what_may_differ_named(old, new):
    counts, allowed, found = compare(old, new)
    assert found == []
    assert [line.split(":")[0] for line in allowed] == ["figures/coverage.svg", "metrics.tsv"]
    assert "cell_transfer" in allowed[1]
    assert counts.total() == 6


def value(new):
    path = new / "metrics.tsv"
    path.write_text(path.read_text().replace("0.25", "0.250"))


def rewrite(**arrays):
    def fault(new):
        for path in new.rglob("predicted_0.h5"):
            write_hdf5(path, **arrays)

    return fault


def attribute(new):
    with h5py.File(*new.rglob("predicted_0.h5"), "a") as file:
        file.attrs["version"] = "2"


def weight(new):
    torch.save({"weights": {"layer": torch.tensor([1, 1.0001])}}, new / "cell_to_cell.pt")


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (value, ["metrics.tsv: 1 values", "line 3, column value: '0.25' before"]),
        (lambda new: write(new, "metrics.tsv", METRICS[:-24]), ["metrics.tsv", "had 2 rows"]),
        (lambda new: (new / "tensor/figures/coverage.tsv").unlink(), ["tensor/figures/coverage"]),
        (lambda new: write(new, "evaluation/more.tsv", "a\n"), ["evaluation/more.tsv: has no"]),
        (rewrite(profiles=np.float32([0.5, 1]), names=["a"]), ["group/profiles", "1 of 2 values"]),
        (rewrite(profiles=np.float64([0.5, np.nan]), names=["a"]), ["float32", "float64"]),
        (rewrite(profiles=np.float32([0.5, np.nan]), names=["b"]), ["group/names", "1 of 1"]),
        (rewrite(profiles=np.float32([0.5, np.nan])), ["group/names: only before"]),
        (attribute, ["attribute version"]),
        (weight, ["cell_to_cell.pt: model/weights/layer: 1 of 2 values"]),
    ],
)
def test_every_other_difference_is_found_and_named(old, new, fault, named):
    fault(new)
    _, _, found = compare(old, new)
    assert len(found) == 1
    assert all(part in found[0] for part in named)


def test_a_negative_zero_is_not_zero(old, new):
    for folder in (old, new):
        shutil.rmtree(folder)
    write_hdf5(old / "completed/dnpp.gctx", matrix=np.float32([0.0]))
    write_hdf5(new / "completed/dnpp.gctx", matrix=np.float32([-0.0]))
    assert len(compare(old, new)[2]) == 1


def test_the_exit_status_speaks_for_all_pairs(old, new):
    def run(*folders):
        return subprocess.run([sys.executable, COMMAND, *folders], capture_output=True, text=True)

    assert run(old, new, old, new).returncode == 0
    value(new)
    failed = run(old, old.with_name("new"))
    assert failed.returncode == 1
    assert "DIFFERS: metrics.tsv" in failed.stdout
    assert run(old).returncode == 2
