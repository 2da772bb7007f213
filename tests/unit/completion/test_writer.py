"""The product is written block by block, whole or not at all, for cmapPy and for anndata."""

import gc
import weakref

import anndata
import numpy as np
import pytest
from toy import axes_of, clustered, replicated

from lacuna.completion import writer
from lacuna.completion.completed import CompletedTensor
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.run import predict_in_blocks, prepare_method
from lacuna.completion.writer import write_completed
from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx


def predictions(tensor, **known):
    shape = (len(tensor.missing_pairs), len(tensor.genes))
    profiles = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    stderr = np.linspace(0.1, 0.2, len(profiles), dtype=np.float32)
    return Completion(profiles, np.arange(len(profiles)) % 3 == 0, stderr)


def cut(completion, size):
    count = len(completion.profiles)
    for start in range(0, count, size):
        yield completion.take(np.arange(start, min(start + size, count)))


def write(path, tensor, completions, **known):
    write_completed(path, tensor, completions, **axes_of(tensor), **known)
    return path.read_bytes(), path.with_suffix(".h5ad").read_bytes()


@pytest.fixture
def tensor():
    return replicated(clustered(drugs=12, cells=5))


@pytest.mark.parametrize("at_once", [1, 7, 1000])
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_the_files_do_not_depend_on_the_blocks(tensor, tmp_path, monkeypatch, at_once, size):
    completion = predictions(tensor)
    told = {"expect": lambda completion, pairs: pairs[:, 0] / 20 + pairs[:, 1] / 100}
    expected = write(tmp_path / "a.gctx", tensor, [completion], **told)
    monkeypatch.setattr(writer, "AT_ONCE", at_once)
    assert write(tmp_path / "a.gctx", tensor, cut(completion, size), **told) == expected


@pytest.mark.parametrize("backed", [None, "r"])
def test_anndata_opens_the_same_product(tensor, tmp_path, backed):
    path = tmp_path / "a.gctx"
    write(path, tensor, cut(predictions(tensor), 5))
    read = anndata.read_h5ad(path.with_suffix(".h5ad"), backed=backed)
    with Gctx(path) as gctx:
        columns, rows = gctx.metadata("columns"), gctx.metadata("rows")
        assert np.array_equal(np.asarray(read.X[:]), gctx.read(gctx.rows, gctx.columns))
    assert read.obs_names.tolist() == columns.index.tolist()
    assert read.var_names.tolist() == rows.index.tolist() == tensor.genes.tolist()
    assert read.var["symbol"].tolist() == rows["pr_gene_symbol"].tolist()
    of_drug = {"smiles", "inchi_key", "atc", "moa", "targets"}
    assert set(read.obs.columns) == set(columns) | of_drug
    measured = columns["source"] == "measured"
    for name in ("pert_id", "pert_iname", "cell_id", "cell_lineage", "source", "tier"):
        assert read.obs[name].astype(str).tolist() == columns[name].tolist()
    assert read.obs["fallback"].tolist() == columns["fallback"].astype(bool).tolist()
    assert read.obs["stderr"].isna().tolist() == measured.tolist()
    assert read.obs["acd"].isna().tolist() == (~measured).tolist()
    assert read.obs["replicates"][measured].tolist() == list(range(len(tensor)))
    assert read.obs["expected_r"].isna().tolist() == (~measured).tolist()
    assert np.allclose(read.obs["norm"], np.linalg.norm(np.asarray(read.X[:]), axis=1), atol=1e-6)


@pytest.mark.fault(
    "tables of drugs, cells and genes whose rows stand in another order than the tensor's",
    "joined by name: the product is the same, byte for byte",
)
def test_the_order_of_tables_does_not_matter(tensor, tmp_path):
    axes = {
        axis: table.assign(**{name: [f"{name} {n}" for n in range(len(table))]})
        for (axis, table), name in zip(
            axes_of(tensor).items(), ("name", "lineage", "symbol"), strict=True
        )
    }
    made = []
    for order in (1, -1):
        path = tmp_path / f"{order}" / "a.gctx"
        rows = {axis: table[::order] for axis, table in axes.items()}
        write_completed(path, tensor, cut(predictions(tensor), 5), **rows)
        made.append([path.read_bytes(), path.with_suffix(".h5ad").read_bytes()])
    assert made[0] == made[1]


@pytest.mark.parametrize("axis", ["drugs", "cells", "genes"])
def test_a_table_that_lacks_a_name_is_refused(tensor, tmp_path, axis):
    tables = axes_of(tensor)
    tables[axis] = tables[axis][1:]
    with pytest.raises(LacunaError, match=rf"{axis}\.tsv: has no row for {axis[:-1]} '{axis[0]}0'"):
        write_completed(tmp_path / "a.gctx", tensor, [predictions(tensor)], **tables)
    assert not list(tmp_path.iterdir())


def test_a_grid_without_gaps_is_written_in_blocks_too(tmp_path, monkeypatch):
    tensor = replicated(clustered(drugs=12, missing=0))
    monkeypatch.setattr(writer, "AT_ONCE", 7)
    write(tmp_path / "a.gctx", tensor, [])
    with CompletedTensor.open(tmp_path / "a.gctx") as product:
        found = product.read(list(tensor.drugs), list(tensor.cells))
        assert product.measured.all(axis=None)
    assert np.array_equal(found.reshape(len(tensor), -1), tensor.profiles)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda parts: parts[:-1], "4 gaps of the tensor have no prediction"),
        (lambda parts: [*parts, parts[0]], "there are more predictions than gaps of the tensor"),
    ],
    ids=["too few", "too many"],
)
def test_predictions_that_do_not_fit_leave_no_file(tensor, tmp_path, spoil, said):
    gaps = len(tensor.missing_pairs)
    parts = list(cut(predictions(tensor), gaps - 4))
    with pytest.raises(ValueError, match=said):
        write(tmp_path / "a.gctx", tensor, spoil(parts))
    assert list(tmp_path.iterdir()) == []


def test_a_method_that_fails_in_the_middle_leaves_no_file(tensor, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "AT_ONCE", 7)

    def failing():
        yield from list(cut(predictions(tensor), 5))[:2]
        raise MemoryError

    with pytest.raises(MemoryError):
        write(tmp_path / "a.gctx", tensor, failing())
    assert list(tmp_path.iterdir()) == []


def test_no_block_is_kept_once_it_is_written(tensor, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "AT_ONCE", 4)
    alive: list[weakref.ref] = []
    most = []

    def watched():
        for part in cut(predictions(tensor), 2):
            alive.append(weakref.ref(part))
            gc.collect()
            most.append(sum(block() is not None for block in alive))
            yield part
            del part

    write(tmp_path / "a.gctx", tensor, watched())
    assert len(alive) > 8
    assert max(most) <= 3


@pytest.mark.fault(
    "a screen in which every drug was measured in every cell",
    "its product is written, all of it measured; standard errors of no prediction crashed it",
)
@pytest.mark.parametrize("method", ["kernel", "blend"])
def test_a_full_grid_is_completed_by_methods_that_state_errors(tmp_path, method):
    tensor = replicated(clustered(9, 3, missing=0))
    gaps, rng = tensor.missing_pairs, np.random.default_rng(1)
    prepared = prepare_method(method, tensor, gaps, SideInformation(), rng, {})
    write(tmp_path / "a.gctx", tensor, predict_in_blocks(method, prepared, tensor, gaps))
    with CompletedTensor.open(tmp_path / "a.gctx") as product:
        assert product.measured.all(axis=None)
        found = product.read(list(tensor.drugs), list(tensor.cells))
    assert np.array_equal(found.reshape(len(tensor), -1), tensor.profiles)
