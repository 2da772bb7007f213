"""Ready-made signatures enter as our own do."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.match import match_columns
from lacuna.io.sig_info import read_signatures
from lacuna.signatures.level5 import count_signatures, import_signatures
from lacuna.signatures.signature_set import NOT_GIVEN, SignatureSet
from lacuna.tensor.build import build_tensor

GENES = np.array([f"g{i}" for i in range(20)])


@pytest.fixture
def info():
    table = pd.DataFrame(
        {
            "sig_id": [f"s{i}" for i in range(5)],
            "pert_id": ["a", "a", "b", "b", "DMSO"],
            "pert_iname": ["A", "A", "B", "B", "DMSO"],
            "pert_type": ["trt_cp"] * 4 + ["ctl_vehicle"],
            "cell_id": ["c1", "c2", "c1", "c2", "c1"],
            "pert_dose": ["10", "-666", "1", "1", "-666"],
            "pert_dose_unit": "um",
            "pert_time": "24",
            "pert_time_unit": "h",
        }
    )
    return table


@pytest.fixture
def profiles():
    return np.random.default_rng(0).normal(0, 3, (5, 20)).astype(np.float32)


def read(folder, info, profiles):
    info.to_csv(folder / "sig_info.txt", sep="\t", index=False)
    index = pd.DataFrame(index=info["sig_id"].unique())
    write_gctx(folder / "level5.gctx", profiles[: len(index)], pd.DataFrame(index=GENES), index)
    table = read_signatures(folder / "sig_info.txt")
    with Gctx(folder / "level5.gctx") as matrix:
        match_columns(matrix, table, {"sig_info": "sig_info.txt"})
        SignatureSet.save(folder / "s.h5", import_signatures(matrix, table, GENES))
    return table, SignatureSet.load(folder / "s.h5")


def test_compounds_are_scaled_to_unit_length_and_have_no_p_value(tmp_path, info, profiles):
    table, made = read(tmp_path, info, profiles)
    expected = profiles[:4] / np.linalg.norm(profiles[:4], axis=1, keepdims=True)
    assert np.allclose(made.profiles[:], expected, atol=1e-6)
    assert made.table["drug"].tolist() == ["a", "a", "b", "b"]
    assert made.table["dose"].tolist()[0] == 10
    assert np.isnan(made.table["dose"][1])
    assert made.table[["acd", "p_value"]].isna().all(axis=None)
    assert made.table["replicates"].tolist() == [1] * 4
    counted = count_signatures(table).set_index("use")["signatures"]
    assert counted.to_dict() == {"compound": 4, "left out: no compound": 1}


def test_they_enter_the_same_tensor(tmp_path, info, profiles):
    _, made = read(tmp_path, info, profiles)
    settings = {"max_p_value": 1, "min_cells_per_drug": 2, "min_drugs_per_cell": 2}
    tensor, _ = build_tensor(made, unreplicated="keep", **settings)
    assert tensor.measured.tolist() == [[True, True], [True, True]]
    with pytest.raises(
        LacunaError, match=r"without a p-value \(4 no p-value in their source\): drop"
    ):
        build_tensor(made, unreplicated="drop", **settings)


def test_the_number_of_replicates_is_taken_where_it_is_given(tmp_path, info, profiles):
    info["distil_nsample"] = ["3", "-666", "4", "2", "9"]
    _, made = read(tmp_path, info, profiles)
    assert made.table["replicates"].tolist() == [3, 1, 4, 2]


def test_p_values_are_kept_and_filtered_on(tmp_path, info, profiles):
    info["pvalue"] = ["0.1", "0.02", "", "0.100001", "0"]
    info["replicateCount"] = ["4", "3", "1", "2", "9"]
    _, made = read(tmp_path, info, profiles)
    assert made.table["replicates"].tolist() == [4, 3, 1, 2]
    assert np.allclose(made.table["p_value"], [0.1, 0.02, np.nan, 0.100001], equal_nan=True)
    settings = {"max_p_value": 0.1, "min_cells_per_drug": 1, "min_drugs_per_cell": 1}
    tensor, steps = build_tensor(made, unreplicated="drop", **settings)
    assert steps["profiles"].tolist()[:3] == [4, 3, 2]
    assert tensor.drugs.tolist() == ["a"]
    tensor, _ = build_tensor(made, unreplicated="keep", **settings)
    assert tensor.drugs.tolist() == ["a", "b"]
    assert tensor.cells[tensor.cell[tensor.drug == 1]].tolist() == ["c1"]


def test_many_signatures_are_read_in_blocks(tmp_path, info, profiles, monkeypatch):
    monkeypatch.setattr("lacuna.signatures.level5.SIGNATURES_AT_ONCE", 3)
    _, made = read(tmp_path, info, profiles)
    expected = profiles[:4] / np.linalg.norm(profiles[:4], axis=1, keepdims=True)
    assert np.allclose(made.profiles[:], expected, atol=1e-6)
    assert len(made.table) == 4


def test_what_is_wrong_is_named(tmp_path, info, profiles):
    def refused(said, table=info, values=profiles):
        with pytest.raises(LacunaError, match=said):
            read(tmp_path, table, values)

    refused("sig_id 's0' stand in more than one row", pd.concat([info, info.iloc[:1]]))
    refused("no signature of a compound", info.assign(pert_type="ctl_vehicle"))
    zero = profiles.copy()
    zero[1] = 0
    refused("signatures 's1' are 0 in every gene", values=zero)
    zero[1] = np.nan
    refused("'s1'.* is nan", values=zero)


@pytest.mark.parametrize("value", [-666, 1e30, -3e38, 2e5])
def test_a_signature_with_a_value_that_none_has_is_refused_by_name(tmp_path, info, profiles, value):
    profiles[2, 5] = value
    with pytest.raises(LacunaError, match=r"level5\.gctx: the signatures 's2' \(1 of 4 read\)"):
        read(tmp_path, info, profiles)
    assert not (tmp_path / "s.h5").exists()


def test_why_a_signature_has_no_p_value_is_said(tmp_path, info, profiles):
    info["pvalue"] = ["0.1", "", "0.2", "", "0"]
    _, made = read(tmp_path, info, profiles)
    assert made.table["no_p_value"].tolist() == ["", NOT_GIVEN, "", NOT_GIVEN]
