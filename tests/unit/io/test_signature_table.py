"""A table of signatures becomes the GCTX that others ship."""

import gzip

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io import signature_table
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.signature_table import unpack_signatures

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


@pytest.mark.parametrize("write", [as_r_writes, with_tabs, with_commas, packed, gctx, packed_gctx])
@pytest.mark.parametrize("at_once", [1, 2, 1024])
def test_signatures_of_any_form_become_gctx(tmp_path, monkeypatch, write, at_once):
    monkeypatch.setattr(signature_table, "AT_ONCE", at_once)
    write(tmp_path / "signatures")
    unpack_signatures(tmp_path / "signatures", tmp_path / "made/level5.gctx")
    with Gctx(tmp_path / "made/level5.gctx") as matrix:
        assert matrix.rows.tolist() == GENES
        assert matrix.columns.tolist() == IDS
        np.testing.assert_array_equal(matrix.read(GENES, IDS), VALUES)


def test_a_value_that_is_missing_is_named_when_it_is_read(tmp_path):
    (tmp_path / "t.tsv").write_text("id\t780\t7849\na\t1\t\nb\t1\t2\n")
    unpack_signatures(tmp_path / "t.tsv", tmp_path / "t.gctx")
    with Gctx(tmp_path / "t.gctx") as matrix:
        assert matrix.read(GENES, ["b"]).tolist() == [[1, 2]]
        with pytest.raises(LacunaError, match="column 'a', row '7849' is nan"):
            matrix.read(GENES, ["a"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither a GCTX nor a table of signatures"),
        ("id\n", "neither a GCTX nor a table"),
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
        unpack_signatures(tmp_path / "t.tsv", tmp_path / "made/t.gctx")
    assert str(raised.value).startswith(str(tmp_path / "t.tsv"))
    assert said in str(raised.value)
    assert not list((tmp_path / "made").glob("*"))


def test_a_signature_that_stands_twice_is_named(tmp_path):
    (tmp_path / "t.tsv").write_text("id\t1\t2\na\t1\t2\na\t1\t3\n")
    unpack_signatures(tmp_path / "t.tsv", tmp_path / "t.gctx")
    with pytest.raises(LacunaError, match="the column ids 'a' stand more than once"):
        Gctx(tmp_path / "t.gctx")
