"""`tensor: scale: z` averages values as they are, against that written out; `unit` scales them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rows import OPEN, signatures

from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.sig_info import read_signatures
from lacuna.signatures.level5 import import_signatures
from lacuna.signatures.signature_set import SignatureSet
from lacuna.tensor.build import average_experiments
from lacuna.tensor.filters import filter_experiments

GENES = np.array([f"g{i}" for i in range(12)])


def phase_2(folder, rng, count=40):
    """A Level 5 series as GEO has those of phase 2: drugs in cells at doses and times."""
    rows = pd.DataFrame(
        {
            "sig_id": [f"REP_{number}" for number in range(count)],
            "pert_id": rng.choice(["BRD-1", "BRD-2", "BRD-3"], count),
            "pert_iname": "-666",
            "pert_type": rng.choice(["trt_cp", "trt_cp", "trt_cp", "ctl_vehicle"], count),
            "cell_id": rng.choice(["MCF7", "PC3"], count),
            "pert_idose": rng.choice(["10 uM", "0.04 µM", "-666"], count),
            "pert_itime": rng.choice(["24 h", "6 h"], count),
            "distil_id": [f"REP.A00{number % 4}_X1:A01" for number in range(count)],
        }
    )
    values = (rng.normal(size=(count, 12)) * rng.uniform(0.1, 8, (count, 1))).astype(np.float32)
    rows.to_csv(folder / "sig_info.txt", sep="\t", index=False)
    write_gctx(
        folder / "level5.gctx",
        values,
        pd.DataFrame(index=GENES),
        pd.DataFrame(index=rows["sig_id"]),
    )
    return rows, values


def tensor_of(folder, scale, genes=GENES):
    info = read_signatures(folder / "sig_info.txt")
    with Gctx(folder / "level5.gctx") as matrix:
        blocks = import_signatures(matrix, info, GENES, scale=scale)
        SignatureSet.save(folder / "s.h5", blocks)
    made = SignatureSet.concatenate([SignatureSet.load(folder / "s.h5")], genes, scale)
    return average_experiments(filter_experiments(made.table, **OPEN).table, made, scale)


@pytest.mark.parametrize("genes", [GENES, GENES[2:9]])
def test_raw_values_are_averaged_by_drug_and_cell(tmp_path, genes):
    rows, values = phase_2(tmp_path, np.random.default_rng(0))
    tensor = tensor_of(tmp_path, "z", genes)
    expected = {}
    for row, value in zip(rows.itertuples(), values, strict=True):
        if row.pert_type == "trt_cp":
            place = expected.setdefault((row.pert_id, row.cell_id), [])
            place.append([value[int(gene[1:])] for gene in genes])
    assert len(tensor) == len(expected)
    for (drug, cell), profile in zip(tensor.pairs, tensor.profiles, strict=True):
        pair = (tensor.drugs[drug], tensor.cells[cell])
        assert np.allclose(profile, np.mean(expected[pair], axis=0), rtol=1e-5, atol=1e-6)


def test_unit_counts_each_signature_alike_and_gives_unit_profiles(tmp_path):
    rows, values = phase_2(tmp_path, np.random.default_rng(1))
    tensor = tensor_of(tmp_path, "unit")
    assert np.allclose(np.linalg.norm(tensor.profiles, axis=1), 1, atol=1e-6)
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    first = tensor.pairs[0]
    mine = (rows["pert_id"] == tensor.drugs[first[0]]) & (rows["pert_type"] == "trt_cp")
    mean = units[(mine & (rows["cell_id"] == tensor.cells[first[1]])).to_numpy()].mean(axis=0)
    assert np.allclose(tensor.profiles[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_the_share_of_signal_does_not_depend_on_the_unit_that_values_are_in():
    """A profile twice as long has noise of four times the square."""
    rng = np.random.default_rng(2)
    rows = [
        {"drug": drug, "cell": cell, "dose": dose, "replicates": 3, "acd": rng.uniform(0.2, 0.9)}
        for drug in "abcdefgh"
        for cell in "12"
        for dose in (1.0, 10.0)
    ]
    made = signatures(rows)
    kept = filter_experiments(made.table, **OPEN).table
    unit, z = (average_experiments(kept, made, scale) for scale in ("unit", "z"))
    long = average_experiments(kept, replace(made, profiles=7 * made.profiles), "z")
    for other in (z, long):
        assert np.allclose(unit.reliability["signal"], other.reliability["signal"], atol=1e-5)
    assert np.allclose(long.profiles, 7 * z.profiles, rtol=1e-5)
    assert unit.reliability["signal"].between(0.01, 0.99).any()
