"""The files that go between the steps of a stage, and are its products."""

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.h5ad import read_written, write_h5ad

VALUES = np.random.default_rng(0).normal(size=(90, 70)).astype("f4")
OBS = pd.DataFrame({"study": ["a", "b"] * 45}, index=[f"s{number}" for number in range(90)])
VAR = pd.DataFrame({"landmark": [True, False] * 35}, index=[f"G{number}" for number in range(70)])


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "made.h5ad"
    write_h5ad(made, [VALUES[:40], VALUES[40:]], OBS, VAR, {"unit": "log2", "reference": VALUES[0]})
    return made


def test_anndata_reads_what_is_written(path):
    read = anndata.read_h5ad(path)
    np.testing.assert_array_equal(read.X, VALUES)
    assert read.obs["study"].tolist() == OBS["study"].tolist()
    assert list(read.var_names) == list(VAR.index)
    assert read.uns["unit"] == "log2"


def test_what_is_written_is_read_with_its_matrix_in_the_file(path):
    read = read_written(path)
    np.testing.assert_array_equal(read.X[10:20], VALUES[10:20])
    assert read.obs["study"].tolist() == OBS["study"].tolist()
    assert read.var["landmark"].tolist() == VAR["landmark"].tolist()
    np.testing.assert_array_equal(read.uns["reference"], VALUES[0])


def test_an_altered_byte_of_the_matrix_is_noticed(path):
    whole = path.read_bytes()
    inside = whole.index(VALUES[3].tobytes()) + 100
    path.write_bytes(whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :])
    with pytest.raises(DamagedFile, match=r"made\.h5ad"):
        _ = read_written(path).X[:]


def test_a_matrix_of_another_size_than_its_names_is_damaged(path):
    with h5py.File(path, "a") as file:
        rows = file["X"][1:]
        del file["X"]
        file["X"] = rows
    with pytest.raises(LacunaError, match="X has shape"):
        read_written(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LacunaError, match=r"none\.h5ad: no such file"):
        read_written(tmp_path / "none.h5ad")


@pytest.mark.parametrize("blocks", [[VALUES[:40]], [VALUES, VALUES[:1]], [VALUES[:, :9]]])
def test_blocks_that_do_not_fit_leave_no_file(tmp_path, blocks):
    with pytest.raises(ValueError, match=r"samples in|a block of"):
        write_h5ad(tmp_path / "made.h5ad", blocks, OBS, VAR, {})
    assert list(tmp_path.iterdir()) == []
