"""Observations are what was written, in any order, in memory or in a file of any size."""

import tracemalloc

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from lacuna.errors import DamagedFile, LacunaError
from lacuna.single_cell import observations
from lacuna.single_cell.interface import CONTROL, DRUGS, Observations
from lacuna.single_cell.observations import (
    InMemory,
    batches,
    blocks_of,
    open_observations,
    read_drugs,
    write_drugs,
    write_observations,
)

GENES = pd.Index([f"G{number}" for number in range(9)], dtype=object)
NAMES = ["a_b/c", "007", "NA", "Drug (X-1, Y-2)"]  # what breaks keys that are joined strings


def table_of(names):
    said = [f"C{'C' * number}" for number in range(len(names))]
    return pd.DataFrame(
        {"smiles": said, "inchi_key": said, "block": said, "scaffold": "", "pathway": ""},
        index=pd.Index(names, name="drug", dtype=object),
    )


def made(rows=700, seed=0, dense=False, with_counts=True):
    rng = np.random.default_rng(seed)
    drug = rng.choice(np.array([CONTROL, *NAMES], dtype=object), rows)
    control = drug == CONTROL
    obs = pd.DataFrame(
        {
            "drug": drug,
            "line": rng.choice(np.array(["X/1", "Y_2"], dtype=object), rows),
            "dose": np.where(control, 0.0, rng.choice([0.01, 10.0], rows)),
            "control": control,
        },
        index=[f"cell{number}" for number in range(rows)],
    )
    counts = rng.poisson(0.5, (rows, len(GENES))).astype(np.float32)
    matrix = np.log1p(counts) * 1.5
    if not dense:
        counts, matrix = sparse.csr_matrix(counts), sparse.csr_matrix(matrix)
    return InMemory("cells", obs, table_of(NAMES), GENES, matrix, counts if with_counts else None)


@pytest.fixture(scope="module", params=[False, True], ids=["sparse", "dense"])
def files(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    kept = made(dense=request.param)
    kept.save(folder / "o.h5ad", folder / "d.tsv")
    return kept, folder / "o.h5ad", folder / "d.tsv"


def whole(kept: Observations, which="rows"):
    return getattr(kept, which)(np.arange(len(kept.obs)))


@pytest.mark.parametrize("in_memory", [0, 2**30], ids=["in the file", "in memory"])
def test_what_is_written_is_read(files, in_memory):
    kept, h5ad, drugs = files
    read = open_observations(h5ad, drugs, in_memory)
    assert read.in_memory == bool(in_memory)
    assert read.kind == "cells"
    pd.testing.assert_frame_equal(read.obs, kept.obs, check_names=False)
    pd.testing.assert_frame_equal(read.drugs, kept.drugs)
    assert read.genes.equals(GENES)
    for which in ("rows", "counts"):
        np.testing.assert_array_equal(whole(read, which), whole(kept, which))


@given(data=st.data())
def test_rows_come_in_the_order_asked_over_the_genes_asked(files, data):
    kept, h5ad, drugs = files
    places = st.lists(st.integers(0, len(kept.obs) - 1), max_size=60)
    positions = np.array(data.draw(places), dtype=int)
    genes = GENES[data.draw(st.permutations(range(9)))[: data.draw(st.integers(1, 9))]]
    expected = whole(kept)[positions][:, GENES.get_indexer(genes)]
    for read in (kept, open_observations(h5ad, drugs, 0)):
        found = read.rows(positions, genes)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


def test_the_file_is_anndata_s(files):
    kept, h5ad, _ = files
    read = anndata.read_h5ad(h5ad)
    rows = read.layers["counts"]
    np.testing.assert_array_equal(
        rows.toarray() if sparse.issparse(rows) else rows, whole(kept, "counts")
    )
    assert sparse.issparse(read.X) == sparse.issparse(kept._matrices["X"])
    assert read.obs["drug"].astype(str).tolist() == kept.obs["drug"].tolist()


@given(
    names=st.lists(
        st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1),
        unique=True,
        min_size=1,
    ).filter(lambda names: CONTROL not in names)
)
def test_names_of_drugs_stay_as_they_are(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("names") / "d.tsv"
    written = table_of(names)
    write_drugs(written, path)
    assert read_drugs(path).index.tolist() == names


@pytest.mark.parametrize("in_memory", [0, 2**30], ids=["in the file", "in memory"])
@pytest.mark.parametrize("size", [1, 7, 64, 5000])
def test_batches_give_each_observation_once_with_its_own_row(files, monkeypatch, in_memory, size):
    monkeypatch.setattr(observations, "TOGETHER", 16)
    kept, h5ad, drugs = files
    read = open_observations(h5ad, drugs, in_memory)
    positions = np.arange(3, 690)
    found = list(batches(read, positions, size, np.random.default_rng(0), window=100))
    order = np.concatenate([chosen for chosen, _ in found])
    assert sorted(order) == positions.tolist()
    assert [len(chosen) for chosen, _ in found[:-1]] == [size] * (len(found) - 1)
    expected = whole(kept)[order]
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in found]), expected)
    again = list(batches(read, positions, size, np.random.default_rng(0), window=100))
    assert all((one == other).all() for (one, _), (other, _) in zip(found, again, strict=True))


def test_batches_of_a_file_mix_distant_observations_and_neighbours():
    kept = made(6000)
    kept.in_memory = False
    order = np.concatenate(
        [chosen for chosen, _ in batches(kept, np.arange(6000), 64, np.random.default_rng(0), 2048)]
    )
    # A first window of 2,048 is drawn from all of 6,000, and no longer in order.
    assert order[:2048].min() < 600
    assert order[:2048].max() > 5400
    assert abs(np.corrcoef(np.arange(2048), order[:2048])[0, 1]) < 0.1
    assert np.mean(np.abs(np.diff(order[:2048])) == 1) < 0.05


def test_20000_cells_of_2000_genes_are_read_in_random_order_with_little_memory(tmp_path):
    rng, rows, genes = np.random.default_rng(0), 20_000, 2000
    matrix = sparse.random(rows, genes, 0.08, "csr", np.float32, rng)
    obs = pd.DataFrame(
        {"drug": CONTROL, "line": "A", "dose": 0.0, "control": True}, map(str, range(rows))
    )
    names = pd.Index([f"G{number}" for number in range(genes)], dtype=object)
    InMemory("cells", obs, table_of(NAMES), names, matrix).save(tmp_path / "o", tmp_path / "d")
    total = matrix.sum(axis=1)
    read = open_observations(tmp_path / "o", tmp_path / "d", in_memory=0)
    tracemalloc.start()
    seen = np.zeros(rows, int)
    for chosen, values in batches(read, np.arange(rows), 256, rng, window=2048):
        seen[chosen] += 1
        assert np.allclose(values.sum(axis=1), np.asarray(total).ravel()[chosen], rtol=1e-4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (seen == 1).all()
    assert peak < 6 * 2048 * genes * 4  # some windows, where all cells would be 160 MB


def test_blocks_come_in_the_order_of_the_file(files):
    kept, h5ad, drugs = files
    read = open_observations(h5ad, drugs, 0)
    positions = np.random.default_rng(0).permutation(700)[:500]
    found = list(blocks_of(read, positions, size=77, which="counts"))
    np.testing.assert_array_equal(np.concatenate([at for at, _ in found]), np.sort(positions))
    np.testing.assert_array_equal(
        np.concatenate([rows for _, rows in found]), whole(kept, "counts")[np.sort(positions)]
    )


def test_logarithms_have_no_counts():
    with pytest.raises(LacunaError, match="have no counts"):
        made(with_counts=False).counts(np.arange(3))


def test_a_gene_that_was_not_measured_is_named():
    with pytest.raises(LacunaError, match="1 of 2 genes were not measured: 'TP53'"):
        made().rows(np.arange(3), pd.Index(["G1", "TP53"]))


@pytest.mark.parametrize("part", ["X", "layers/counts"])
@pytest.mark.parametrize("in_memory", [0, 2**30], ids=["in the file", "in memory"])
@pytest.mark.fault("a byte of prepared observations is altered", "the file is named as damaged")
def test_an_altered_byte_is_noticed(files, tmp_path, part, in_memory):
    _, h5ad, drugs = files
    damaged = tmp_path / "o.h5ad"
    damaged.write_bytes(h5ad.read_bytes())
    with h5py.File(damaged, "r") as file:
        item = file[part]["data"] if isinstance(file[part], h5py.Group) else file[part]
        place = item.id.get_chunk_info(0).byte_offset
    data = bytearray(damaged.read_bytes())
    data[place + 10] ^= 1
    damaged.write_bytes(bytes(data))
    with pytest.raises(DamagedFile, match=r"o\.h5ad"):
        read = open_observations(damaged, drugs, in_memory)
        whole(read, "rows" if part == "X" else "counts")


def test_a_table_of_other_drugs_is_noticed(files, tmp_path):
    kept, h5ad, _ = files
    write_drugs(kept.drugs.iloc[1:], tmp_path / "d.tsv")
    with pytest.raises(DamagedFile, match="not in the table of drugs"):
        open_observations(h5ad, tmp_path / "d.tsv")


def test_blocks_that_do_not_fit_leave_no_file(tmp_path):
    kept = made()
    blocks = [{"X": sparse.csr_matrix(whole(kept)[:300])}]
    with pytest.raises(ValueError, match="300 samples in a matrix of"):
        write_observations(
            tmp_path / "o.h5ad", tmp_path / "d.tsv", "cells", kept.obs, kept.drugs, GENES, blocks
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"drug": "unknown"},
        {"drug": CONTROL},
        {"dose": np.nan},
        {"dose": 0.0},
        {"control": True},
    ],
)
def test_tables_that_contradict_each_other_are_refused(change):
    kept = made()
    obs = kept.obs.copy()
    treated = obs.index[~obs["control"]][0]
    for column, value in change.items():
        obs.loc[treated, column] = value
    with pytest.raises(ValueError, match=r"drug|dose"):
        InMemory("cells", obs, kept.drugs, GENES, whole(kept))


def test_drugs_have_the_columns_that_all_tables_have():
    assert list(made().drugs.columns) == DRUGS
