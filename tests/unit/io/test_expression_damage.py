"""Damaged matrices of expression are refused by name, whatever the layout."""

import contextlib
import gzip

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrices import (
    GENES,
    LAYOUTS,
    counts,
    facts_of_genes,
    facts_of_samples,
    gct3_of,
    gct_of,
    read,
    text_of,
)
from strategies import changed_table, damaged, hdf5_change

from lacuna.errors import LacunaError
from lacuna.io.convert import convert
from lacuna.io.expression import open_matrix
from lacuna.io.gctx import write_gctx

NAMES = [f"{number:03}" for number in range(4)]
KINDS = ["gctx", "archs4-legacy", "archs4-chunked", "h5ad", "h5ad-csr"]
TEXTS = {
    "gct": gct_of(counts(3), GENES),
    "gct3": gct3_of(np.ones((4, 4)), facts_of_genes(NAMES), facts_of_samples(NAMES)),
    "tsv": text_of(counts(3)),
    "csv": text_of(counts(3)).replace("\t", ","),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@pytest.fixture(scope="module")
def whole(folder):
    made = {
        kind: LAYOUTS[kind](folder / f"whole-{kind}", counts(3))
        for kind in KINDS
        if kind in LAYOUTS
    }
    made["gctx"] = folder / "whole.gctx"
    about = facts_of_genes(NAMES), facts_of_samples(NAMES)
    write_gctx(made["gctx"], np.ones((4, 4)), *about)
    return {kind: path.read_bytes() for kind, path in made.items()}


def reads_or_refuses(path):
    with contextlib.suppress(LacunaError), open_matrix(path) as matrix:
        names, values = read(matrix)
        assert values.shape == (len(names), len(matrix.genes))
        assert len(matrix.samples) == len(names)
        assert len(matrix.about_genes) == len(matrix.genes)
    for ending in (".gctx", ".gct"):
        out = path.parent / f"made{ending}"
        out.unlink(missing_ok=True)
        with contextlib.suppress(LacunaError):
            made = convert(path, out)
            assert out.exists() and made.genes and made.samples
        assert not list(path.parent.glob(".unfinished*"))


@pytest.mark.fault(
    "any change of the bytes of GCTX, ARCHS4's files and h5ad, read and converted (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=8)
def test_damaged_hdf5(folder, whole, kind, data):
    path = folder / kind
    path.write_bytes(data.draw(damaged(whole[kind])))
    reads_or_refuses(path)


@pytest.mark.fault(
    "whole files of GCTX, ARCHS4 and h5ad of another layout, read and converted (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@given(change=hdf5_change())
@settings(max_examples=30)
def test_changed_hdf5(folder, whole, kind, change):
    path = folder / f"changed-{kind}"
    path.write_bytes(whole[kind])
    with h5py.File(path, "a") as file:
        change(file)
    reads_or_refuses(path)


@pytest.mark.fault(
    "tables of expression with bytes, cells, rows or columns changed (property-based)",
    "what the reader promises, or our own error",
)
@pytest.mark.parametrize("kind", TEXTS)
@given(data=st.data())
@settings(max_examples=30)
def test_damaged_text(folder, kind, data):
    path = folder / f"{kind}.txt"
    text = TEXTS[kind]
    packed = damaged(gzip.compress(text.encode(), mtime=0))
    path.write_bytes(
        data.draw(
            changed_table(text, "," if kind == "csv" else "\t") | damaged(text.encode()) | packed
        )
    )
    reads_or_refuses(path)
