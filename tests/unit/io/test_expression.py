"""Matrices of samples in every layout: blocks are the whole, and bad files are named."""

import gzip
import re

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrices import (
    ENSEMBL,
    GENES,
    LAYOUTS,
    counts,
    gct_of,
    read,
    text_of,
    write,
    write_archs4,
    write_h5ad,
)
from scipy import sparse
from wells import write_text

from lacuna.errors import LacunaError
from lacuna.io.archs4 import Archs4
from lacuna.io.blocks import runs
from lacuna.io.expression import open_expression
from lacuna.io.h5ad import H5ad
from lacuna.io.text_matrix import TextMatrix


@pytest.fixture
def table():
    return counts()


@pytest.fixture(params=LAYOUTS)
def path(request, tmp_path, table):
    # The name says nothing: what a file is stands in it.
    return LAYOUTS[request.param](tmp_path / "some.file", table)


def test_blocks_are_the_whole_in_every_layout(path, table):
    with open_expression(path) as matrix:
        # AnnData wants every name once, so there they are numbered.
        assert [re.sub(r"-\d$", "", gene) for gene in matrix.genes] == GENES
        assert list(matrix.samples.index) == list(table.index)
        for at_once in (1, 3, len(table), 100):
            blocks = list(matrix.blocks(at_once=at_once))
            assert max(len(values) for _, values in blocks) <= at_once
            names, values = read(matrix, at_once=at_once)
            assert names == list(table.index)
            np.testing.assert_array_equal(values, table)


def test_samples_come_in_the_order_asked_for(path, table):
    wanted = ["GSM9", "GSM0", "GSM4", "GSM3", "GSM10", "GSM0"]
    with open_expression(path) as matrix:
        names, values = read(matrix, wanted, at_once=4)
    assert names == wanted
    np.testing.assert_array_equal(values, table.loc[wanted])


def test_a_sample_that_is_not_there_is_named(path):
    with open_expression(path) as matrix, pytest.raises(LacunaError, match=r"'GSM99' .1 missing"):
        read(matrix, ["GSM1", "GSM99"])


# ARCHS4


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("samples_first", [False, True])
def test_archs4_says_what_samples_are(tmp_path, table, legacy, samples_first):
    options = {"legacy": legacy, "samples_first": samples_first}
    path = write_archs4(tmp_path / "a.h5", table, total=list(range(11)), **options)
    with open_expression(path) as matrix:
        assert isinstance(matrix, Archs4)
        assert list(matrix.samples["series"][:4]) == ["GSE0", "GSE0", "GSE0", "GSE1"]
        assert list(matrix.samples["reads"]) == list(range(11))


@pytest.mark.parametrize(
    ("genes", "reads"),
    [
        ("meta/genes/genes", "meta/samples/readsaligned"),
        ("meta/genes/gene_symbol", "meta/samples/alignedreads"),
        ("meta/genes", "meta/reads_aligned"),
        ("meta/gene_symbol", "meta/reads_total"),
    ],
)
def test_the_fields_of_all_versions_are_found(tmp_path, table, genes, reads):
    with open_expression(write_archs4(tmp_path / "a", table, genes=genes, reads=reads)) as matrix:
        assert list(matrix.genes) == GENES
        assert list(matrix.samples["reads"]) == list(table.sum(axis=1))


def test_all_reads_go_before_the_aligned_ones(tmp_path, table):
    path = write_archs4(tmp_path / "a.h5", table)
    with h5py.File(path, "a") as file:
        file["meta/samples/readsaligned"] = np.zeros(len(table))
    with open_expression(path) as matrix:
        assert matrix.samples["reads"].min() > 0


def test_as_many_samples_as_genes_are_taken_for_genes_by_samples(tmp_path):
    table = counts(samples=len(GENES))
    with open_expression(write_archs4(tmp_path / "a.h5", table)) as matrix:
        np.testing.assert_array_equal(read(matrix)[1], table)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("meta/genes/symbol", "no names of genes"),
        ("meta/samples/geo_accession", "no names of samples"),
        ("meta/samples/series_id", "no series of samples"),
        ("meta/samples/readstotal", "no reads of samples"),
        ("data/expression", "no counts"),
    ],
)
def test_a_field_that_is_missing_is_named_with_those_there(tmp_path, table, lost, said):
    path = write_archs4(tmp_path / "a.h5", table)
    with h5py.File(path, "a") as file:
        del file[lost]
        file["meta/samples/other"] = np.zeros(3)
    with pytest.raises(LacunaError) as error:
        open_expression(path)
    for words in (str(path), said, lost, "meta/samples/other"):
        assert words in str(error.value)


@pytest.mark.parametrize("name", ["meta/samples/series_id", "meta/genes/symbol", "data/expression"])
def test_lengths_that_do_not_fit_are_refused(tmp_path, table, name):
    path = write_archs4(tmp_path / "a.h5", table)
    with h5py.File(path, "a") as file:
        short = file[name][1:]
        del file[name]
        file[name] = short
    with pytest.raises(LacunaError, match="damaged"):
        open_expression(path)


def test_samples_that_stand_twice_are_refused(tmp_path, table):
    table.index = ["GSM1", *table.index[1:]]
    with pytest.raises(LacunaError, match="'GSM1' stand more than once"):
        open_expression(write_archs4(tmp_path / "a.h5", table))


# Text


def test_gct_keeps_ids_and_gives_descriptions_as_symbols(tmp_path, table):
    table.columns = ENSEMBL
    for before in ("", "id"):
        path = write(tmp_path / "a.gct", gct_of(table, GENES, before))
        with open_expression(path) as matrix:
            assert list(matrix.genes) == ENSEMBL
            assert list(matrix.symbols) == GENES


@pytest.mark.parametrize("missing", ["", "NA", "NaN"])
def test_an_empty_field_is_a_missing_value_and_nothing_else_is(tmp_path, table, missing):
    table = table.astype(float)
    table.iloc[0, 0] = table.iloc[-1, -1] = table.iloc[3, 2] = np.nan
    table.iloc[1, 1] = 0
    with open_expression(write(tmp_path / "a.tsv", text_of(table, missing=missing))) as matrix:
        np.testing.assert_array_equal(read(matrix)[1], table)


def test_a_table_of_one_sample_may_lack_values(tmp_path):
    with open_expression(write(tmp_path / "a.tsv", "g\ts\nA\t1\nB\t\nC\t3\n")) as matrix:
        np.testing.assert_array_equal(read(matrix)[1], [[1, np.nan, 3]])


def test_quotes_of_r_are_no_part_of_names(tmp_path):
    with open_expression(write(tmp_path / "a.tsv", '"s1"\t"s2"\n"A"\t1\t2\n')) as matrix:
        assert (list(matrix.genes), list(matrix.samples.index)) == (["A"], ["s1", "s2"])


def test_many_lines_go_through_the_scratch_file_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("lacuna.io.text_matrix.VALUES_AT_ONCE", 30)
    monkeypatch.setattr("lacuna.io.text_matrix.CHUNK", (4, 2))
    table = counts(samples=7, genes=41)
    with open_expression(write(tmp_path / "a.tsv", text_of(table))) as matrix:
        assert list(matrix.genes) == list(table.columns)
        np.testing.assert_array_equal(read(matrix, at_once=3)[1], table)


def test_the_scratch_file_goes_when_the_matrix_is_closed(tmp_path, table, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    with open_expression(write(tmp_path / "a.tsv", text_of(table))):
        assert list((tmp_path / "scratch").iterdir())
    assert not list((tmp_path / "scratch").iterdir())
    with pytest.raises(LacunaError):
        open_expression(write(tmp_path / "a.tsv", text_of(table)[:-30]))
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("g\ts1\ts2\nA\t1\t2\nB\t1\tx7\n", "line 3, gene 'B', sample 's2': 'x7' is no number"),
        ("g\ts1\ts2\nA\t1\t2\nB\t1\tTrue\n", "'True' is no number"),
        ("g\ts1\ts2\nA\t1\t2\nB\t1\tinf\n", "sample 's2', gene 'B' is inf"),
        ("g\ts1\ts2\nA\t1\t2\nB\t1\n", "line 3 has 2 fields, the line of names 3"),
        ("g\ts1\ts2\nA\t1\t2\nB\t1\t2\t3\n", "line 3 has 4 fields"),
        ("g\ts1\ts1\nA\t1\t2\n", "'s1' stand more than once"),
        ("g\ts1\t\nA\t1\t2\n", "sample 2 has no name"),
        ("g\ts1\ts2\nA\t1\t2\n\t1\t2\n", "gene 2 has no name"),
        ("g,s1,s2\nA,1\n", "separated by commas"),
        ("g\ts1\n", "0 genes"),
        ("", "no names of samples"),
        ("#1.4\n1\t1\t0\t0\nid\ts1\nA\t1\n", "expected version #1.2"),
        ("#1.2\n2\t1\nName\tDescription\ts1\nA\ta\t1\n", "promises 2 genes, and there are 1"),
        ("#1.2\n1\t2\nName\tDescription\ts1\nA\ta\t1\n", "promises 2 samples"),
        ("#1.2\nx\ty\nName\tDescription\ts1\nA\ta\t1\n", "not the numbers of genes and samples"),
        ("#1.2\n1\t1\nName\tother\ts1\nA\ta\t1\n", "expected Name and Description"),
        ("g\ts1\nA\t1\0\n", "zero byte"),
    ],
)
def test_a_text_that_is_no_matrix_is_named(tmp_path, text, said):
    path = write(tmp_path / "a.tsv", text)
    with pytest.raises(LacunaError) as error, open_expression(path) as matrix:
        read(matrix)
    assert said in str(error.value)
    assert str(path) in str(error.value)


# h5ad


@pytest.mark.parametrize("matrix", [np.asarray, sparse.csr_matrix])
def test_h5ad_gives_obs_and_symbols(tmp_path, table, matrix):
    path = write_h5ad(tmp_path / "a.h5ad", table, matrix, gene_name=GENES)
    with open_expression(path) as read_back:
        assert isinstance(read_back, H5ad)
        assert list(read_back.samples["dose"]) == [1.5] * len(table)
        assert list(read_back.symbols) == GENES


def test_a_matrix_by_genes_is_refused_with_the_remedy(tmp_path, table):
    path = write_h5ad(tmp_path / "a.h5ad", table, sparse.csc_matrix)
    with pytest.raises(LacunaError, match=r"csc_matrix; .* adata\.X\.tocsr"):
        open_expression(path)


def test_an_index_outside_of_the_matrix_is_refused(tmp_path, table):
    path = write_h5ad(tmp_path / "a.h5ad", table, sparse.csr_matrix)
    with h5py.File(path, "a") as file:
        file["X/indices"][3] = 10**6
    with pytest.raises(LacunaError, match="damaged"), open_expression(path) as matrix:
        read(matrix)


# What is chosen, and what samples are


def test_other_hdf5_files_are_told_apart(tmp_path, table):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["0/DATA/0/matrix"] = np.ones((2, 2))
    with pytest.raises(LacunaError, match="is GCTX"):
        open_expression(tmp_path / "x.h5")
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["other"] = 1
    with pytest.raises(LacunaError, match="this HDF5 file has 'other'"):
        open_expression(tmp_path / "y.h5")
    path = write_archs4(tmp_path / "z.h5", table)
    packed = tmp_path / "z.h5.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(LacunaError, match=r"gunzip z\.h5\.gz"):
        open_expression(packed)
    with pytest.raises(LacunaError, match="no such file"):
        open_expression(tmp_path / "none.tsv")


def test_a_table_says_what_samples_are(tmp_path, table):
    path = write(tmp_path / "a.tsv", text_of(table))
    rows = pd.DataFrame({"sample": [*table.index[::-1], "other"], "study": "s"})
    rows["number"] = range(len(rows))
    samples = write_text(rows, tmp_path / "samples.tsv")
    with open_expression(path, samples) as matrix:
        assert list(matrix.samples.index) == list(table.index)
        assert list(matrix.samples["number"]) == [str(n) for n in reversed(range(len(table)))]
    with open_expression(write_archs4(tmp_path / "a.h5", table), samples) as matrix:
        assert list(matrix.samples) == ["series", "reads", "study", "number"]
        assert list(matrix.samples["reads"]) == list(table.sum(axis=1))
    write_text(rows[3:], samples)
    with pytest.raises(LacunaError, match=r"no row for 3 of 11 samples .*'GSM8', 'GSM9', 'GSM10'"):
        open_expression(path, samples)
    write_text(rows.rename(columns={"sample": "name"}), samples)
    with pytest.raises(LacunaError, match="no column sample"):
        open_expression(path, samples)


@given(st.lists(st.integers(0, 60), min_size=1).map(sorted), st.integers(1, 20))
def test_runs_are_all_positions_within_one_chunk_each(positions, width):
    found = list(runs(np.array(positions), width))
    assert [n for run in found for n in range(run.start, run.stop)] == list(range(len(positions)))
    for run in found:
        span = positions[run.stop - 1] - positions[run.start]
        assert span < max(width, run.stop - run.start)


# Real tables


def test_the_real_counts_are_read_as_pandas_reads_them(shared_data):
    path = shared_data / "rnaseq-samples/human_rnaseq_counts.tsv.gz"
    samples = path.parent / "samples.tsv"
    some = pd.read_csv(path, sep="\t", index_col=0, usecols=[0, 1, 80, 165])
    with open_expression(path, samples) as matrix:
        assert isinstance(matrix, TextMatrix)
        assert (len(matrix.samples), len(matrix.genes)) == (165, 17171)
        assert matrix.samples["source"].nunique() == 14
        values = read(matrix, some.columns)[1]
    np.testing.assert_array_equal(values, some.T)
