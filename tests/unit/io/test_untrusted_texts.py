"""Damaged texts of varying length, which HDF5 reads for ever, are refused in a bounded time."""

import struct

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import untrusted_texts
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.h5ad_cells import open_cells

NAMES = [f"well {number}" for number in range(30)]
FREE = 0  # the number of what is left over at the end of a heap


def entries(content):
    """Give number and place of each entry of the first heap of texts; the last is what is left."""
    at = content.index(b"GCOL") + 16
    while True:
        (number,), (size,) = (
            struct.unpack_from("<H", content, at),
            struct.unpack_from("<Q", content, at + 8),
        )
        yield number, at
        if number == FREE:
            return
        at += 16 + -(-size // 8) * 8


def free_space_without_end(content):
    """What is left over has the size 0: the next entry is the same again."""
    at = dict(entries(content))[FREE]
    return content[: at + 8] + bytes(8) + content[at + 16 :]


def an_entry_too_large(content):
    at = dict(entries(content))[4]
    return content[: at + 8] + struct.pack("<Q", 2**64 - 16) + content[at + 16 :]


@pytest.fixture
def little_time(monkeypatch):
    monkeypatch.setattr(untrusted_texts, "SECONDS", 2)


@pytest.fixture
def path(tmp_path):
    """A GCTX whose ids of wells have varying length."""
    path = tmp_path / "a.gctx"
    write_gctx(path, np.ones((30, 2)), pd.DataFrame(index=["1", "2"]), pd.DataFrame(index=NAMES))
    with_names(path, NAMES)
    return path


def with_names(path, names):
    with h5py.File(path, "a") as file:
        del file["0/META/COL/id"]
        file.create_dataset("0/META/COL/id", data=names, dtype=h5py.string_dtype())


@pytest.mark.fault(
    "ids of a GCTX, or names of an h5ad, damaged so that HDF5 reads them for ever",
    "refused after 10 s of processor time, and 1 s more for every 20,000 texts",
)
@pytest.mark.parametrize("damage", [free_space_without_end, an_entry_too_large])
def test_ids_that_hdf5_reads_for_ever_are_refused(path, little_time, damage):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"a\.gctx: .*cannot be read to an end"), Gctx(path):
        pass


def test_names_of_an_h5ad_that_hdf5_reads_for_ever_are_refused(tmp_path, little_time):
    path = tmp_path / "a.h5ad"
    frames = pd.DataFrame(index=NAMES), pd.DataFrame(index=["a", "b"])
    anndata.AnnData(np.ones((30, 2), "f4"), *frames).write_h5ad(path)
    path.write_bytes(free_space_without_end(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"a\.h5ad: .*cannot be read to an end"):
        open_cells(path)


def test_texts_that_are_whole_are_read(path):
    with Gctx(path) as file:
        assert list(file.columns) == NAMES


def test_no_process_is_started_for_texts_of_one_length(tmp_path, monkeypatch):
    monkeypatch.setattr(untrusted_texts, "subprocess", None)
    path = tmp_path / "a.gctx"
    write_gctx(path, np.ones((30, 2)), pd.DataFrame(index=["1", "2"]), pd.DataFrame(index=NAMES))
    with Gctx(path) as file:
        assert list(file.columns) == NAMES


@pytest.mark.fault(
    "ids of a GCTX that are empty, or hold control characters",
    "refused with them",
)
@pytest.mark.parametrize("odd", ["", "well\x9b", "well\u202e7", "well\n"])
def test_ids_of_control_characters_are_refused(path, odd):
    with_names(path, [*NAMES[:-1], odd])
    with pytest.raises(LacunaError, match=r"a\.gctx: 1 of 30 column ids are empty, or"), Gctx(path):
        pass
