"""MATLAB files that are meant to do harm: nested without end, promises, bombs, links."""

import struct
import zlib

import h5py
import numpy as np
import pytest
from damage import cut_short
from matlab import tensor, write_v5, write_v73
from promises import refused_in_little_memory

from lacuna.io.matlab import MatlabTensor

T = tensor()
BEGINNING = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
MATRIX, COMPRESSED, DOUBLE, TEXT = 14, 15, 9, 16
CELL, CHAR, NUMBERS = 1, 4, 6


def element(kind, data, size=None):
    return (
        struct.pack("<II", kind, len(data) if size is None else size) + data + bytes(-len(data) % 8)
    )


def array(kind, shape, name, data, size=None):
    parts = [
        element(6, struct.pack("<II", kind, 0)),
        element(5, struct.pack(f"<{len(shape)}i", *shape)),
        element(1, name.encode()),
    ]
    return element(MATRIX, b"".join(parts) + data, size)


def with_drugs(path, drugs):
    """A good file whose variable pertIds is something else."""
    write_v5(path, T, pertIds=None, compress=False)
    path.write_bytes(path.read_bytes() + drugs)
    return path


def read(path):
    with MatlabTensor(path) as found:
        for _ in found.profiles():
            pass


@pytest.mark.fault(
    "a MATLAB file of cells within cells within cells, which crashes SciPy",
    "refused: names are texts or numbers",
)
def test_cells_within_cells_are_refused(tmp_path):
    depth = 100_000
    one = (
        element(6, struct.pack("<II", CELL, 0))
        + element(5, struct.pack("<2i", 1, 1))
        + element(1, b"")
    )
    inner = array(NUMBERS, (1, 1), "", element(DOUBLE, struct.pack("<d", 1)))
    sizes = len(inner) + np.arange(depth) * (len(one) + 8)
    nested = (
        b"".join(struct.pack("<II", MATRIX, size + len(one)) + one for size in sizes[::-1]) + inner
    )
    path = with_drugs(tmp_path / "t.mat", array(CELL, (1, 1), "pertIds", nested + inner))
    refused_in_little_memory(read, path, "pertIds", "class cell")


PROMISES = {
    "cells": (array(CELL, (2**31 - 1, 1), "pertIds", b""), "are promised"),
    "more cells": (array(CELL, (2**31 - 1, 2**31 - 1), "pertIds", b""), "are promised"),
    "rows": (array(CHAR, (2**31 - 1, 9), "pertIds", element(TEXT, b"abc")), "in shape"),
    "characters": (array(CHAR, (1, 9), "pertIds", element(TEXT, b"a", 2**32 - 1)), "at most"),
    "numbers": (array(NUMBERS, (5, 1), "pertIds", element(DOUBLE, b"8bytes..", 2**31)), "at most"),
    "an array": (array(CELL, (1, 1), "pertIds", element(MATRIX, b"", 2**32 - 1)), "are promised"),
    "a variable": (array(NUMBERS, (5, 1), "pertIds", b"", 2**32 - 1), "are promised"),
    "compression": (element(COMPRESSED, b"no zlib"), "incorrect header"),
    "no array": (element(COMPRESSED, zlib.compress(element(2, b""))), "is packed"),
}


@pytest.mark.fault(
    "a MATLAB file whose shapes and sizes promise more than it holds",
    "refused at once, in under 256 MiB",
)
@pytest.mark.parametrize(("drugs", "said"), PROMISES.values(), ids=PROMISES)
def test_what_is_promised_only_is_refused(tmp_path, drugs, said):
    refused_in_little_memory(read, with_drugs(tmp_path / "t.mat", drugs), said)


@pytest.mark.fault(
    "a compressed MATLAB variable that unpacks to a thousand times its size",
    "refused in under 256 MiB",
)
def test_a_bomb_is_refused(tmp_path):
    packer = zlib.compressobj(9)
    size = 2**32 - 200
    head = array(CHAR, (1, size // 2), "pertIds", struct.pack("<II", TEXT, size), size + 100)
    packed = packer.compress(head)
    packed += b"".join(packer.compress(bytes(2**24)) for _ in range(20)) + packer.flush()
    path = with_drugs(tmp_path / "t.mat", element(COMPRESSED, packed))
    refused_in_little_memory(read, path, "are promised")


@pytest.mark.parametrize("write", [write_v5, write_v73])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_cut_short_is_refused(tmp_path, write, part):
    path = write(tmp_path / "t.mat", tensor(20, 30, 10))
    whole = path.read_bytes()
    path.write_bytes(cut_short(whole) if part == 0.6 else whole[: int(part * len(whole))])
    refused_in_little_memory(read, path)


def promise(file):
    del file["T"]
    file.create_dataset("T", (4, 7, 10**12), "f8", chunks=(1, 7, 1024), compression="gzip")
    file["T"].attrs["MATLAB_class"] = np.bytes_("double")


def chunk(file):
    del file["T"]
    sizes = {"maxshape": (None, 7, 5), "chunks": (2**26, 7, 5), "compression": "gzip"}
    file.create_dataset("T", (4, 7, 5), "f8", **sizes)


def outside(file):
    del file["T"]
    file.create_dataset("T", (4, 7, 5), "f8", external=[("/dev/zero", 0, 1120)])
    file["T"].attrs["MATLAB_class"] = np.bytes_("double")


def link(file):
    del file["T"]
    file["T"] = h5py.ExternalLink("/etc/passwd", "/T")


def referring(make):
    """Let the first place of pertIds refer to what is made."""

    def change(file):
        references = file["pertIds"][()]
        references[0, 0] = make(file)
        file["pertIds"][...] = references

    return change


def nothing(file):
    return h5py.Reference()


def itself(file):
    return file["pertIds"].ref


def a_group(file):
    return file["#refs#"].ref


def many(file):
    file.create_dataset("#refs#/many", (10**12, 1), "u2", chunks=(1024, 1))
    file["#refs#/many"].attrs["MATLAB_class"] = np.bytes_("char")
    return file["#refs#/many"].ref


@pytest.mark.fault(
    "a MATLAB file of version 7.3 that promises, links and refers to what it has not",
    "refused at once, in under 256 MiB",
)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (promise, "variable T: cannot be read as a MATLAB file (T promises"),
        (chunk, "too large to unpack"),
        (outside, "lie in another file"),
        (link, "a link to elsewhere"),
        (referring(nothing), "a reference to nothing"),
        (referring(itself), "class cell"),
        (referring(a_group), "expected an array"),
        (referring(many), "promises"),
    ],
)
def test_version_7_3_is_read_for_what_it_holds(tmp_path, change, said):
    refused_in_little_memory(read, write_v73(tmp_path / "t.mat", T, change=change), said)
