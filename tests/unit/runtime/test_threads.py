"""Every job computes on one thread, whatever the number of cores: the same seed, the same product.

The numbers differ between more threads and one only where matrices are large enough to be shared
among threads, as those here are.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from threadpoolctl import threadpool_info
from toy import axes_of, clustered, few_steps, replicated

from lacuna.completion.registry import available, keeps_model, keeps_network
from lacuna.evaluation.expected_r import ExpectedR
from lacuna.runtime.threads import VARIABLES, on_one_thread

ROOT = Path(__file__).parents[3]
METHODS = [name for name in available() if name != "truth"]
# Runs the script of a rule once for every method, as Snakemake does.
RUN = """
import json, runpy, sys, warnings
from types import SimpleNamespace
from snakemake.iocontainers import Namedlist
from lacuna.completion.methods import factor_model
for choices in ("COMPONENTS", "RANKS", "PENALTIES"):
    setattr(factor_model, choices, getattr(factor_model, choices)[:2])
script, given, asked = json.loads(sys.argv[1])
for method, (options, output) in asked.items():
    variant = {"method": method, "options": options}
    more = {"variant": variant, "seed": 3, "annotations": [], "simulated": True}
    made = Namedlist(fromdict=output)
    snakemake = SimpleNamespace(
        input=Namedlist(fromdict=given),
        output=made,
        params=Namedlist(fromdict=more | {"model": [made.model] if "model" in output else []}),
        wildcards=SimpleNamespace(dataset="test", method=method),
        log=["log"],
    )
    runpy.run_path(script, {"snakemake": snakemake})
"""


def test_libraries_have_one_thread_within_and_what_they_had_after(monkeypatch):
    np.ones((4, 4)) @ np.ones((4, 4))
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with on_one_thread():
            pools = threadpool_info()
            assert pools
            assert {pool["num_threads"] for pool in pools} == {1}
            assert torch.get_num_threads() == 1
            assert {os.environ[name] for name in VARIABLES} == {"1"}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert os.environ["OMP_NUM_THREADS"] == "8"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """What `complete_tensor` reads, of 100 drugs in 8 cells."""
    folder = tmp_path_factory.mktemp("given")
    tensor = replicated(clustered(drugs=100, cells=8, genes=240))
    names = {"drugs": "drug", "cells": "cell", "genes": "gene"}
    paths = {name: str(folder / f"{name}.tsv") for name in (*names, "baseline", "gene_info")}
    axes = axes_of(tensor)
    axes["drugs"]["smiles"] = np.resize(["CCO", "CCN", "c1ccccc1O", "CC(=O)O"], 100)
    rng = np.random.default_rng(0)
    axes["baseline"] = pd.DataFrame(rng.normal(size=(8, 240)), columns=tensor.genes)
    axes["baseline"].insert(0, "cell", tensor.cells)
    axes["gene_info"] = pd.DataFrame({"pr_gene_id": tensor.genes, "pr_gene_symbol": tensor.genes})
    axes["gene_info"]["pr_is_lm"] = 1
    for name, path in paths.items():
        axes[name].to_csv(path, sep="\t", index=False)
    tensor.save(folder / "large.h5")
    ExpectedR().save(folder / "calibrator.h5")
    paths["gene_info"] = [paths["gene_info"]]
    return paths | {"tensor": str(folder / "large.h5"), "expected": str(folder / "calibrator.h5")}


def asked_of(method):
    """What a method is asked for: few iterations, as it is the sums of each that count."""
    options = few_steps(method)
    output = {kind: f"{method}.{kind}" for kind in ("gctx", "h5ad")}
    is_kept = keeps_model(method, options) or keeps_network(method)
    kept = {"model": f"{method}.model.h5"} if is_kept else {}
    return options, output | kept


def complete(given, folder, threads):
    """Complete the tensor by every method where so many threads are asked for."""
    folder.mkdir()
    env = {**os.environ, **dict.fromkeys(VARIABLES, threads), "PYTHONPATH": str(ROOT / "workflow")}
    script = str(ROOT / "workflow/scripts/completion/complete_tensor.py")
    asked = json.dumps([script, given, {method: asked_of(method) for method in METHODS}])
    return subprocess.Popen(
        [sys.executable, "-c", RUN, asked],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.fault(
    "one thread or two for BLAS and OpenMP (OMP_NUM_THREADS and its like), as whoever starts a run "
    "has set them",
    "the product, its h5ad and the kept model of every method are the same, byte by byte",
)
def test_every_method_makes_the_same_product_on_any_number_of_threads(given, tmp_path):
    folders = [tmp_path / threads for threads in ("1", "2")]
    for one in [complete(given, folder, folder.name) for folder in folders]:
        printed, _ = one.communicate()
        assert one.returncode == 0, printed[-3000:]
    made = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert made[0].keys() == made[1].keys()
    assert len(made[0]) >= 2 * len(METHODS) + 2
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
