"""Chunks that a writer which was stopped midway never wrote: HDF5 reads them as zeros."""

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from matlab import tensor, write_v73
from scipy import sparse
from toy import clustered

from lacuna.errors import DamagedFile
from lacuna.io.expression import open_expression
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.h5ad_cells import open_cells
from lacuna.io.matlab import MatlabTensor
from lacuna.tensor.profiles import ProfileSet

MATRIX, IDS = "0/DATA/0/matrix", "0/META/COL/id"
VALUES = np.random.default_rng(0).normal(8, 1, (21, 6)).astype("f4")


def write(path):
    rows = pd.DataFrame(index=[f"g{number}" for number in range(6)])
    write_gctx(path, VALUES, rows, pd.DataFrame(index=[f"w{number}" for number in range(21)]))


def write_h5ad(path, layout):
    frames = [pd.DataFrame(index=[f"{c}{n}" for n in range(k)]) for c, k in (("s", 21), ("g", 6))]
    anndata.AnnData(layout(VALUES), *frames).write_h5ad(path)


def half_written(path, name, left=1, **options):
    """Write an array anew, as gzipped chunks of 7 rows, of which so many are never written."""
    with h5py.File(path, "a") as file:
        values = file[name][()]
        about = dict(file[name].attrs)
        del file[name]
        chunks = (min(7, len(values)), *values.shape[1:])
        array = file.create_dataset(
            name, values.shape, values.dtype, chunks=chunks, compression="gzip", **options
        )
        array.attrs.update(about)
        for start in range(0, len(values) - 7 * left, 7):
            array[start : start + 7] = values[start : start + 7]


def read_gctx(path):
    with Gctx(path) as file:
        file.read(file.rows, file.columns)


def read_expression(path):
    with open_expression(path) as file:
        list(file.blocks())


def read_tensor(path):
    with MatlabTensor(path) as file:
        list(file.profiles())


def refused(read, path, *said):
    with pytest.raises(DamagedFile) as error:
        read(path)
    for words in (str(path), "stopped midway", *said):
        assert words in str(error.value)


@pytest.mark.fault(
    "chunks of a GCTX that its writer, killed midway, never wrote",
    "refused: so many of so many chunks were never written; HDF5 gives zeros for them",
)
@pytest.mark.parametrize("fill", [None, -666.0])
@pytest.mark.parametrize("left", [1, 2, 3])
@pytest.mark.parametrize("name", [MATRIX, IDS])
def test_a_gctx_of_which_a_part_was_never_written_is_refused(tmp_path, name, left, fill):
    path = tmp_path / "half.gctx"
    write(path)
    half_written(path, name, left, **({"fillvalue": fill} if fill and name == MATRIX else {}))
    if left == 3:
        with pytest.raises(DamagedFile, match="the file holds 0 bytes"):
            read_gctx(path)
    else:
        refused(read_gctx, path, f"of 3 chunks of {name.split('/')[-1]}, {left} were never written")


@pytest.mark.parametrize("options", [{}, {"fillvalue": 8.0}])
def test_a_gctx_in_one_piece_that_was_never_written_is_refused(tmp_path, options):
    path = tmp_path / "none.gctx"
    write(path)
    with h5py.File(path, "a") as file:
        del file[MATRIX]
        file.create_dataset(MATRIX, VALUES.shape, "f4", **options)
    with pytest.raises(DamagedFile, match="the file holds 0 bytes"):
        read_gctx(path)


@pytest.mark.fault(
    "chunks of an h5ad, or of a tensor of MATLAB, that were never written",
    "refused likewise",
)
@pytest.mark.parametrize("read", [read_expression, open_cells])
@pytest.mark.parametrize(
    ("layout", "name"),
    [(np.asarray, "X"), (sparse.csr_matrix, "X/data"), (np.asarray, "obs/_index")],
)
def test_an_h5ad_of_which_a_part_was_never_written_is_refused(tmp_path, read, layout, name):
    path = tmp_path / "half.h5ad"
    write_h5ad(path, layout)
    read(path)
    half_written(path, name)
    refused(read, path, "1 were never written")


def test_a_tensor_of_matlab_of_which_a_part_was_never_written_is_refused(tmp_path):
    path = write_v73(tmp_path / "whole.mat", tensor(cells=14))
    read_tensor(path)
    half_written(path, "T")
    refused(read_tensor, path, "of 2 chunks of T, 1 were never written")


def test_a_tensor_of_our_own_of_which_a_part_was_never_written_is_refused(tmp_path):
    path = tmp_path / "large.h5"
    clustered(8, 3, missing=0.2).save(path)
    half_written(path, "profiles")
    refused(ProfileSet.load, path)


def test_zeros_that_were_written_are_values(tmp_path):
    path = tmp_path / "zeros.gctx"
    write(path)
    with h5py.File(path, "a") as file:
        del file[MATRIX]
        zeros = np.zeros(VALUES.shape, "f4")
        file.create_dataset(MATRIX, data=zeros, chunks=(4, 5), compression="gzip")
    with Gctx(path) as file:
        assert not file.read(file.rows, file.columns).any()
