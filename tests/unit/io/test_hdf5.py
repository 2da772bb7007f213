"""Lacuna's own HDF5 files: no damaged byte goes unnoticed, and they come whole or not at all."""

import resource

import h5py
import numpy as np
import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError, UnwritableFile
from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import write_table

RNG = np.random.default_rng(1)
CONTENT = {
    "profiles": RNG.normal(size=(4, 5)).astype(np.float32),
    "drugs": np.array(["β", "", "a longer name"], dtype=object),
    "reliability": pd.DataFrame({"plates": [1, 2], "acd": [0.1, np.nan], "name": ["x", "y"]}),
    "none": np.zeros((0, 3)),
}
MANY = RNG.normal(size=(200, 978)).astype(np.float32)


def same(found, expected):
    return list(found) == list(expected) and all(
        value.equals(found[name])
        if isinstance(value, pd.DataFrame)
        else np.array_equal(value, found[name])
        for name, value in expected.items()
    )


@pytest.fixture
def saved(tmp_path):
    with hdf5.Writer(tmp_path / "a.h5") as writer:
        writer.append("rows", MANY[:2, :4])
        writer.append("rows", MANY[2:3, :4])
        writer.write(CONTENT)
    return tmp_path / "a.h5"


def test_what_was_saved_comes_back(saved):
    assert same(hdf5.load(saved), {"rows": MANY[:3, :4], **CONTENT})


@pytest.mark.fault(
    "one bit of an HDF5 file of our own flipped, at every seventh byte",
    "every flip that changes what is read is refused",
)
def test_a_flipped_bit_is_noticed_or_harmless(saved):
    expected, whole_file = hdf5.load(saved), saved.read_bytes()
    refused = 0
    for at in range(0, len(whole_file), 7):
        damaged = bytearray(whole_file)
        damaged[at] ^= 1 << at % 8
        saved.write_bytes(damaged)
        try:
            assert same(hdf5.load(saved), expected), f"byte {at}"
        except DamagedFile as error:
            assert error.path == saved
            refused += 1
    assert refused > len(whole_file) / 7 / 2  # the rest is padding


def test_what_stays_in_the_file_is_checked_when_it_is_read(saved):
    data = saved.read_bytes()
    at = data.index(MANY[0, :4].tobytes())
    saved.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    rows = hdf5.load(saved, lazy=("rows",))["rows"]
    with pytest.raises(DamagedFile, match=r"a\.h5: cannot be read"):
        rows[:2]


def test_a_missing_file_is_not_called_damaged(tmp_path):
    with pytest.raises(LacunaError, match="no such file") as error:
        hdf5.load(tmp_path / "a.h5")
    assert not isinstance(error.value, DamagedFile)


@pytest.fixture
def small_files_only():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_writer_stops_as_soon_as_there_is_no_room(tmp_path, small_files_only):
    with pytest.raises(UnwritableFile), hdf5.Writer(tmp_path / "a.h5") as writer:
        for _ in range(1000):
            writer.append("rows", MANY)
            size = len(writer._file["rows"])
    assert size < 20 * len(MANY)  # a cache full, not all


def test_a_wrong_index_is_not_called_damage(saved):
    rows = hdf5.load(saved, lazy=("rows",))["rows"]
    with pytest.raises((TypeError, ValueError)) as error:
        rows["profiles"]
    assert not isinstance(error.value, LacunaError)


def append(path):
    with hdf5.Writer(path) as writer:
        for row in range(0, len(MANY), 10):
            writer.append("rows", MANY[row : row + 10])


def place(path):
    with hdf5.Writer(path) as writer:
        writer.reserve("rows", MANY.shape, np.float32)
        for column in range(0, MANY.shape[1], 100):
            columns = slice(column, column + 100)
            writer.place("rows", (slice(None), columns), MANY[:, columns])


WRITERS = {
    "h5": lambda path: hdf5.save(path, {"many": MANY}),
    "appended": append,
    "placed": place,
    "gctx": lambda path: write_gctx(
        path, MANY, pd.DataFrame(index=range(978)), pd.DataFrame(index=range(200))
    ),
    "tsv": lambda path: write_table(pd.DataFrame(MANY), path),
}


@pytest.mark.fault(
    "no room for a table, an HDF5 file or a GCTX",
    "an error that says to make room; no half file, and the file of before stays",
)
@pytest.mark.parametrize("kind", WRITERS)
def test_no_room_leaves_the_old_file_and_no_half_one(tmp_path, kind, small_files_only):
    path = tmp_path / f"a.{kind}"
    path.write_text("old")
    with pytest.raises(UnwritableFile, match="Make room"):
        WRITERS[kind](path)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"


def test_an_array_that_was_placed_is_mapped_and_not_read(tmp_path):
    place(tmp_path / "a.h5")
    rows = hdf5.mapped(hdf5.load(tmp_path / "a.h5", lazy=("rows",))["rows"])
    assert isinstance(rows, np.memmap)
    assert not rows.flags.writeable
    assert np.array_equal(rows, MANY)


@pytest.mark.parametrize("layout", [{"chunks": (10, 10)}, {"chunks": (10, 10), "compression": 1}])
def test_an_array_in_pieces_is_not_mapped(tmp_path, layout):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("rows", data=MANY, **layout)
        with pytest.raises(ValueError, match="does not lie in one piece"):
            hdf5.mapped(file["rows"])
