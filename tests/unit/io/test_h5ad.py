"""The files that go between the steps of a stage, and are its products."""

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.h5ad import H5ad, read_written
from lacuna.io.h5ad_write import write_h5ad

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


COUNTS = sparse.random(90, 70, 0.1, "csr", random_state=0)
COUNTS.data = np.ceil(9 * COUNTS.data)


def test_anndata_reads_a_sparse_matrix_that_is_written_in_blocks(tmp_path):
    path = tmp_path / "sparse.h5ad"
    write_h5ad(path, [COUNTS[:40], COUNTS[40:41], COUNTS[41:]], OBS, VAR, {"unit": "counts"})
    read = anndata.read_h5ad(path)
    assert sparse.issparse(read.X)
    assert read.X.format == "csr"
    assert read.X.dtype == np.float32
    np.testing.assert_array_equal(read.X.toarray(), COUNTS.toarray())
    assert read.obs["study"].tolist() == OBS["study"].tolist()
    assert list(read.var_names) == list(VAR.index)
    assert read.uns["unit"] == "counts"
    with H5ad(path) as file:
        blocks = [values for _, values in file.blocks(at_once=7)]
    np.testing.assert_array_equal(np.concatenate(blocks), COUNTS.toarray())


def test_a_sparse_layer_stands_beside_a_dense_matrix(tmp_path):
    dense = COUNTS.toarray() / 2
    blocks = [{"X": dense[part], "counts": COUNTS[part]} for part in (slice(40), slice(40, 90))]
    write_h5ad(tmp_path / "layer.h5ad", blocks, OBS, VAR, {})
    read = anndata.read_h5ad(tmp_path / "layer.h5ad")
    np.testing.assert_allclose(read.X, dense)
    np.testing.assert_array_equal(read.layers["counts"].toarray(), COUNTS.toarray())


def test_sparse_blocks_may_name_a_gene_twice_and_out_of_order(tmp_path):
    values, genes = np.array([1.0, 2.0, 4.0]), np.array([5, 3, 5])
    block = sparse.csr_matrix((values, genes, np.array([0, 3])), shape=(1, 70))
    write_h5ad(tmp_path / "a.h5ad", [block], OBS[:1], VAR, {})
    read = anndata.read_h5ad(tmp_path / "a.h5ad").X
    assert read.indices.tolist() == [3, 5]
    assert read.data.tolist() == [2, 5]
    assert block.nnz == 3  # what is written is not changed


@pytest.mark.filterwarnings("error")
def test_names_of_cells_may_stand_twice(tmp_path):
    obs = OBS.set_axis(["a", *OBS.index[:-1]])
    obs.index = obs.index.where(obs.index != "s3", "s4")
    write_h5ad(tmp_path / "twice.h5ad", [COUNTS], obs, VAR, {})
    with h5py.File(tmp_path / "twice.h5ad") as file:
        assert file["obs/_index"].asstr()[:].tolist() == obs.index.tolist()


def test_a_sparse_file_may_hold_no_values_at_all(tmp_path):
    write_h5ad(tmp_path / "none.h5ad", [sparse.csr_matrix((90, 70))], OBS, VAR, {})
    assert anndata.read_h5ad(tmp_path / "none.h5ad").X.nnz == 0


@pytest.mark.parametrize("blocks", [[COUNTS[:40]], [COUNTS, COUNTS[:1]], [COUNTS[:, :9]]])
def test_sparse_blocks_that_do_not_fit_leave_no_file(tmp_path, blocks):
    with pytest.raises(ValueError, match=r"samples in|a block of"):
        write_h5ad(tmp_path / "made.h5ad", blocks, OBS, VAR, {})
    assert list(tmp_path.iterdir()) == []


def test_the_same_sparse_matrix_is_the_same_file_and_a_changed_byte_is_noticed(tmp_path):
    one, other = tmp_path / "one.h5ad", tmp_path / "other.h5ad"
    write_h5ad(one, [COUNTS], OBS, VAR, {})
    write_h5ad(other, [COUNTS[:1], COUNTS[1:]], OBS, VAR, {})
    assert one.read_bytes() == other.read_bytes()
    whole = one.read_bytes()
    inside = whole.index(COUNTS.data.astype("f4").tobytes()) + 100
    one.write_bytes(whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :])
    with H5ad(one) as file, pytest.raises(DamagedFile, match=r"one\.h5ad"):
        list(file.blocks())
