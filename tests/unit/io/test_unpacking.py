"""A matrix of any layout, whichever way round, becomes the GCTX that the rest of a run reads."""

import gzip

import numpy as np
import pandas as pd
import pytest
from matrices import write_h5ad

from lacuna.errors import LacunaError
from lacuna.io import signature_table
from lacuna.io.convert import convert
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.unpacking import unpack_matrix

IDS = ["CPC006_A375_6H:BRD-1:10", "b", "3"]
GENES = ["780", "7849"]
VALUES = np.array([[0.5, -0.25], [1e-3, 2], [-1, 0]], np.float32)


def table():
    return pd.DataFrame(VALUES, index=IDS, columns=GENES)


def as_r_writes(path):
    """As write.table does: quotes, and no name above the ids."""
    lines = ["\t".join(f'"{gene}"' for gene in GENES)]
    for name, row in zip(IDS, VALUES, strict=True):
        lines.append(f'"{name}"\t' + "\t".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n")


def with_tabs(path):
    table().to_csv(path, sep="\t", index_label="sig_id")


def with_commas(path):
    table().to_csv(path)


def packed(path):
    with_tabs(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def gctx(path):
    write_gctx(path, VALUES, pd.DataFrame(index=GENES), pd.DataFrame(index=IDS))


def packed_gctx(path):
    gctx(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def gct(path):
    gctx(path.with_name("a.gctx"))
    convert(path.with_name("a.gctx"), path.with_name("a.gct"))
    path.write_bytes(path.with_name("a.gct").read_bytes())


def packed_gct(path):
    gct(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def h5ad(path):
    gctx(path.with_name("a.gctx"))
    convert(path.with_name("a.gctx"), path.with_name("a.h5ad"))
    path.write_bytes(path.with_name("a.h5ad").read_bytes())


def genes_by_columns(path):
    table().T.to_csv(path, sep="\t")


def genes_by_columns_with_commas(path):
    table().T.to_csv(path)


BY_LINE = [as_r_writes, with_tabs, with_commas, packed]
BY_COLUMN = [genes_by_columns, genes_by_columns_with_commas]
SELF_SAID = [gctx, packed_gctx, gct, packed_gct, h5ad]


@pytest.fixture
def sig_info(tmp_path):
    ids = pd.DataFrame({"sig_id": [*IDS, "of another file"], "pert_id": "x"})
    ids.to_csv(tmp_path / "sig_info.txt", sep="\t", index=False)
    return tmp_path / "sig_info.txt"


def assert_unpacked(path):
    with Gctx(path) as matrix:
        assert matrix.rows.tolist() == GENES
        assert matrix.columns.tolist() == IDS
        np.testing.assert_array_equal(matrix.read(GENES, IDS), VALUES)


@pytest.mark.parametrize("write", [*BY_LINE, *SELF_SAID])
@pytest.mark.parametrize("at_once", [1, 2, 1024])
def test_signatures_of_any_form_become_gctx(tmp_path, monkeypatch, write, at_once):
    monkeypatch.setattr(signature_table, "AT_ONCE", at_once)
    write(tmp_path / "signatures")
    unpack_matrix(tmp_path / "signatures", tmp_path / "made/level5.gctx", by_line=True)
    assert_unpacked(tmp_path / "made/level5.gctx")


@pytest.mark.parametrize("write", [*BY_COLUMN, *SELF_SAID])
def test_plates_of_any_form_become_gctx(tmp_path, write):
    write(tmp_path / "plates")
    unpack_matrix(tmp_path / "plates", tmp_path / "made/level3.gctx")
    assert_unpacked(tmp_path / "made/level3.gctx")


@pytest.mark.parametrize("write", [*BY_LINE, *BY_COLUMN, *SELF_SAID])
@pytest.mark.parametrize("by_line", [True, False])
def test_a_table_says_which_way_round_a_matrix_is(tmp_path, sig_info, write, by_line):
    write(tmp_path / "matrix")
    unpack_matrix(tmp_path / "matrix", tmp_path / "made.gctx", sig_info, by_line=by_line)
    assert_unpacked(tmp_path / "made.gctx")


def test_ids_of_neither_way_leave_it_as_usual(tmp_path):
    (tmp_path / "sig_info.txt").write_text("sig_id\nx\n")
    for by_line, write in ((True, with_tabs), (False, genes_by_columns)):
        write(tmp_path / "matrix")
        unpack_matrix(
            tmp_path / "matrix", tmp_path / "a.gctx", tmp_path / "sig_info.txt", by_line=by_line
        )
        assert_unpacked(tmp_path / "a.gctx")


def test_a_plain_gctx_is_linked_to(tmp_path):
    gctx(tmp_path / "signatures")
    unpack_matrix(tmp_path / "signatures", tmp_path / "level5.gctx")
    assert (tmp_path / "level5.gctx").is_symlink()


def test_a_value_that_is_missing_is_named_when_it_is_read(tmp_path):
    (tmp_path / "t.tsv").write_text("id\t780\t7849\na\t1\t\nb\t1\t2\n")
    unpack_matrix(tmp_path / "t.tsv", tmp_path / "t.gctx", by_line=True)
    with Gctx(tmp_path / "t.gctx") as matrix:
        assert matrix.read(GENES, ["b"]).tolist() == [[1, 2]]
        with pytest.raises(LacunaError, match="column 'a', row '7849' is nan"):
            matrix.read(GENES, ["a"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither GCTX, GCT, h5ad nor a table of signatures"),
        ("id\n", "nor a table of signatures"),
        ("id\t1\t2\n", "its first line has 3 fields and its second 0"),
        ("id\t1\t2\na\t1\t2\t3\t4\n", "its first line has 3 fields and its second 5"),
        ("id\t1\t2\na\t1\t2\nb\t1\t2\t3\n", "not a table of signatures"),
        ("id\t1\t2\na\t1\thigh\n", "not a table of signatures"),
        ("id\t1\t1\na\t1\t2\n", "not a table of signatures"),
        ("id\t1\t2\na\t1\t2\0\n", "holds a zero byte"),
    ],
)
def test_what_is_no_table_is_named_and_leaves_nothing(tmp_path, text, said):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(LacunaError) as raised:
        unpack_matrix(tmp_path / "t.tsv", tmp_path / "made/t.gctx", by_line=True)
    assert str(raised.value).startswith(str(tmp_path / "t.tsv"))
    assert said in str(raised.value)
    assert not list((tmp_path / "made").glob("*"))


def test_a_signature_that_stands_twice_is_named(tmp_path):
    (tmp_path / "t.tsv").write_text("id\t1\t2\na\t1\t2\na\t1\t3\n")
    unpack_matrix(tmp_path / "t.tsv", tmp_path / "t.gctx", by_line=True)
    with pytest.raises(LacunaError, match="the column ids 'a' stand more than once"):
        Gctx(tmp_path / "t.gctx")


def packed_h5ad(path):
    write_h5ad(path, table())
    path.write_bytes(gzip.compress(path.read_bytes()))


def packed_and_cut(path):
    gctx(path)
    path.write_bytes(gzip.compress(path.read_bytes()[:400]))


def cut(path):
    gctx(path)
    path.write_bytes(path.read_bytes()[:400])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (packed_h5ad, "is HDF5 in gzip, and no GCTX"),
        (packed_and_cut, "what comes out of it is no GCTX"),
        (cut, "cut short or damaged"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "cut short or damaged"),
        (lambda path: None, "no such file"),
        (lambda path: path.write_text("id\tA375\n"), "has 0 genes and 1 samples"),
        (lambda path: path.write_text("#1.3\n"), "is not the numbers of genes"),
    ],
)
def test_what_is_no_matrix_is_named_and_leaves_nothing(tmp_path, write, said):
    write(tmp_path / "mine")
    with pytest.raises(LacunaError) as raised:
        unpack_matrix(tmp_path / "mine", tmp_path / "made/level3.gctx")
    assert str(raised.value).startswith(f"{tmp_path / 'mine'}: ")
    assert said in str(raised.value)
    assert not list((tmp_path / "made").glob("*"))
