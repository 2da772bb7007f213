"""GCTX against cmapPy, against h5py, and against files that are none."""

import h5py
import numpy as np
import pandas as pd
import pytest
from cmapPy.pandasGEXpress import parse
from cmapPy.pandasGEXpress import write_gctx as cmappy_writer
from cmapPy.pandasGEXpress.GCToo import GCToo
from wells import ODD_NAMES

from lacuna.errors import LacunaError
from lacuna.io import gctx
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import unpack

# cmapPy was written for an older pandas.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

MINI = "lincs-mini/MINI_Broad_LINCS_Level3_INF_mlr12k_n1429x978.gctx.gz"


def ids(letter, count):
    return [f"{letter}{number}" for number in range(count)]


def write(path, matrix, rows=None, columns=None):
    rows = ids("g", matrix.shape[1]) if rows is None else rows
    columns = ids("w", matrix.shape[0]) if columns is None else columns
    write_gctx(path, matrix, pd.DataFrame(index=rows), pd.DataFrame(index=columns))
    return path


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(30, 7)).astype(np.float32)


@pytest.fixture
def path(tmp_path, matrix):
    return write(tmp_path / "level3.gctx", matrix)


# Against cmapPy


def test_cmappy_opens_what_is_written(tmp_path, matrix):
    rows = pd.DataFrame(
        {"pr_gene_symbol": [f"SYM {n}" for n in range(7)], "pr_is_lm": [1] * 3 + [0] * 4},
        index=ids("g", 7),
    )
    columns = pd.DataFrame(
        {"pert_iname": [f"a/{n}'\"" for n in range(30)], "pert_dose": np.arange(30) / 8},
        index=[f"P_X1:{n} 'a/b'" for n in range(30)],
    )
    write_gctx(tmp_path / "a.gctx", matrix, rows, columns)
    seen = parse.parse(str(tmp_path / "a.gctx"))
    np.testing.assert_array_equal(seen.data_df.to_numpy(), matrix.T)
    assert seen.version.decode() == "GCTX1.0"
    for found, given in [(seen.row_metadata_df, rows), (seen.col_metadata_df, columns)]:
        assert list(found.index) == list(given.index)
        pd.testing.assert_frame_equal(found, given, check_names=False, check_like=True)


def test_what_cmappy_writes_is_opened(tmp_path, matrix, monkeypatch):
    monkeypatch.setattr(np, "string_", np.bytes_, raising=False)  # gone from NumPy 2
    rows = pd.DataFrame({"symbol": [f"S{n}" for n in range(7)]}, index=ids("g", 7))
    columns = pd.DataFrame({"dose": np.arange(30) / 8}, index=ids("w", 30))
    data = pd.DataFrame(matrix.T, index=rows.index, columns=columns.index)
    cmappy_writer.write(GCToo(data, rows, columns), str(tmp_path / "a.gctx"))
    with Gctx(tmp_path / "a.gctx") as file:
        assert list(file.rows) == ids("g", 7)
        assert list(file.columns) == ids("w", 30)
        np.testing.assert_array_equal(file.read(file.rows, file.columns), matrix)
        pd.testing.assert_frame_equal(file.metadata("rows"), rows, check_names=False)
        pd.testing.assert_frame_equal(file.metadata("columns"), columns, check_names=False)


def test_the_real_matrix_is_the_same_for_cmappy(shared_data, tmp_path):
    unpack(shared_data / MINI, tmp_path / "mini.gctx")
    expected = parse.parse(str(tmp_path / "mini.gctx")).data_df
    with Gctx(tmp_path / "mini.gctx") as file:
        assert (len(file.columns), len(file.rows)) == (1429, 978)
        rows, columns = file.rows[::-7], file.columns[np.random.default_rng(0).permutation(1429)]
        found = file.read(rows, columns)
    assert found.min() > 2 and found.max() < 16  # log2 expression
    np.testing.assert_array_equal(found, expected.loc[rows, columns].to_numpy().T)


@pytest.mark.parametrize(
    "name",
    [
        "drug-consensus/DRUGBANK_consensus_n1170x978.gctx",
        "lincs-cells/LINCS2020_baseline_n165x978.gctx",
        "lincs-cells/TSG_Level5_diff_n100x978.gctx",
    ],
)
def test_other_real_matrices_are_the_same_for_cmappy(shared_data, name):
    expected = parse.parse(str(shared_data / name)).data_df
    with Gctx(shared_data / name) as file:
        found = pd.DataFrame(file.read(file.rows, file.columns).T, file.rows, file.columns)
    pd.testing.assert_frame_equal(found, expected, check_names=False)


# Reading some of it


@pytest.mark.parametrize(
    "most",
    [
        {"MOST_COLUMNS_AT_ONCE": 1},
        {"MOST_COLUMNS_AT_ONCE": 2},
        {"MOST_VALUES_AT_ONCE": 50},
        {"MOST_VALUES_AT_ONCE": 0},
        {},
    ],
)
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (range(7), range(30)),
        (range(6, -1, -1), range(29, -1, -1)),
        ([3], [17]),
        ([5, 0, 2], [29, 0, 3, 4, 5, 11, 12, 28, 1]),
        ([1, 1], [8, 8, 7, 9, 8]),
    ],
)
def test_any_part_is_read_in_the_order_asked(path, matrix, monkeypatch, most, rows, columns):
    for name, value in most.items():
        monkeypatch.setattr(gctx, name, value)
    with Gctx(path) as file:
        found = file.read([f"g{n}" for n in rows], [f"w{n}" for n in columns])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, matrix[np.ix_(list(columns), list(rows))])


def test_no_more_columns_at_once_than_allowed():
    runs = gctx._consecutive_runs(np.array([0, 1, 2, 5, *range(10, 23)]), 4)
    assert [run.stop - run.start for run in runs] == [3, 1, 4, 4, 4, 1]


def test_no_columns_give_an_empty_matrix(path):
    with Gctx(path) as file:
        assert file.read(["g1", "g2"], []).shape == (0, 2)


# Names


def test_odd_names_survive(tmp_path):
    matrix = np.arange(49, dtype=np.float32).reshape(7, 7)
    info = pd.DataFrame({"name of it": ODD_NAMES}, index=ODD_NAMES)
    write_gctx(tmp_path / "a.gctx", matrix, info, info)
    with Gctx(tmp_path / "a.gctx") as file:
        assert list(file.rows) == list(file.columns) == ODD_NAMES
        np.testing.assert_array_equal(
            file.read(ODD_NAMES[::-1], ODD_NAMES[::-1]), matrix[::-1, ::-1]
        )
        for axis in ("rows", "columns"):
            pd.testing.assert_frame_equal(file.metadata(axis), info, check_names=False)


@pytest.mark.parametrize("field", ["two words", "β", "dose [µM]", "per'\""])
def test_odd_metadata_fields_survive(tmp_path, matrix, field):
    columns = pd.DataFrame({field: ids("x", 30)}, index=ids("w", 30))
    write_gctx(tmp_path / "a.gctx", matrix, pd.DataFrame(index=ids("g", 7)), columns)
    with Gctx(tmp_path / "a.gctx") as file:
        pd.testing.assert_frame_equal(file.metadata("columns"), columns, check_names=False)


def test_numbers_stay_numbers_and_the_rest_becomes_text(tmp_path, matrix):
    columns = pd.DataFrame(
        {
            "dose": np.arange(30) / 8,
            "number": range(30),
            "text": "10",
            "mixed": [1, "a", None] * 10,
        },
        index=ids("w", 30),
    )
    write_gctx(tmp_path / "a.gctx", matrix, pd.DataFrame(index=ids("g", 7)), columns)
    with Gctx(tmp_path / "a.gctx") as file:
        found = file.metadata("columns")
    expected = columns.assign(mixed=["1", "a", "None"] * 10)
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_like=True)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_both_encodings_of_lincs_are_read(path, encoding):
    with h5py.File(path, "a") as file:
        names = [f"{n} µM naïve".encode(encoding) for n in range(30)]
        del file["0/META/COL/id"]
        file["0/META/COL/id"] = np.array(names)
    with Gctx(path) as file:
        assert list(file.columns) == [f"{n} µM naïve" for n in range(30)]


def test_text_of_any_length_is_read(path):
    with h5py.File(path, "a") as file:
        del file["0/META/COL/id"]
        file.create_dataset("0/META/COL/id", data=ids("β", 30), dtype=h5py.string_dtype())
    with Gctx(path) as file:
        assert list(file.columns) == ids("β", 30)


# Files at fault


def refused(path, *said):
    with pytest.raises(LacunaError) as error, Gctx(path) as file:
        file.read(file.rows, file.columns)
    for words in (str(path), *said):
        assert words in str(error.value)


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / "a.gctx", "no such file")


def test_a_folder_is_refused(tmp_path):
    refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a\tb\n1\t2\n", b"\x89HDF\r\n\x1a\n", b"\x1f\x8b" * 99])
def test_what_is_not_hdf5_is_refused(tmp_path, content):
    (tmp_path / "a.gctx").write_bytes(content)
    refused(tmp_path / "a.gctx", "cannot be read as HDF5")


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1])
def test_a_file_cut_short_is_refused(tmp_path, share):
    write(tmp_path / "a.gctx", np.ones((50, 40)))
    content = (tmp_path / "a.gctx").read_bytes()
    (tmp_path / "a.gctx").write_bytes(content[: min(int(share * len(content)), len(content) - 1)])
    refused(tmp_path / "a.gctx", "cut short")


def test_a_block_that_cannot_be_unpacked_is_refused(path, matrix):
    with h5py.File(path, "a") as file:
        del file["0/DATA/0/matrix"]
        packed = {"compression": "gzip", "chunks": (10, 7)}
        where = file.create_dataset("0/DATA/0/matrix", data=matrix, **packed)
        chunk = where.id.get_chunk_info(1)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(b"\xff" * chunk.size)
    with Gctx(path) as file:
        np.testing.assert_array_equal(file.read(["g0"], ["w0"]), matrix[:1, :1])
    refused(path, "damaged")


@pytest.mark.parametrize("lacks", ["0/DATA/0/matrix", "0/META/ROW", "0/META/COL", "0/META/COL/id"])
def test_hdf5_that_is_not_gctx_is_refused(path, lacks):
    with h5py.File(path, "a") as file:
        del file[lacks]
    refused(path, "not GCTX")


@pytest.mark.parametrize("part", ["0/DATA/0/matrix", "0/META/COL/id"])
def test_hdf5_with_a_group_for_an_array_is_refused(path, part):
    with h5py.File(path, "a") as file:
        del file[part]
        file.create_group(part)
    refused(path)


def test_a_matrix_of_text_is_refused(path):
    with h5py.File(path, "a") as file:
        del file["0/DATA/0/matrix"]
        file["0/DATA/0/matrix"] = np.full((30, 7), b"high")
    refused(path)


@pytest.mark.parametrize("shape", [(7, 30), (29, 7), (30, 8), (30,), (30, 7, 1)])
def test_a_matrix_of_another_shape_is_refused(path, shape):
    with h5py.File(path, "a") as file:
        del file["0/DATA/0/matrix"]
        file["0/DATA/0/matrix"] = np.ones(shape, dtype=np.float32)
    refused(path, str(shape), "(30, 7)")


@pytest.mark.parametrize("axis", ["row", "column"])
def test_ids_that_stand_twice_are_refused(tmp_path, matrix, axis):
    twice = {"row": [*ids("g", 6), "g2"], "column": [*ids("w", 29), "w2"]}[axis]
    write(tmp_path / "a.gctx", matrix, **{f"{axis}s": twice})
    refused(tmp_path / "a.gctx", f"{axis} ids '{twice[-1]}'")


def test_unknown_ids_are_named(path):
    with Gctx(path) as file:
        with pytest.raises(LacunaError, match=r"level3\.gctx: .*columns 'x1', 'x2' \(2 missing\)"):
            file.read(["g1"], ["w1", "x1", "w2", "x2"])
        with pytest.raises(LacunaError, match=r"level3\.gctx: .*rows '780' \(1 missing\)"):
            file.read(["780", "g1"], ["w1"])


@pytest.mark.parametrize(("value", "name"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("asked_as", [list, np.array, pd.Index, pd.Series])
def test_a_value_that_is_no_number_is_named(tmp_path, matrix, value, name, asked_as):
    matrix[11, 4] = value
    path = write(tmp_path / "a.gctx", matrix)
    with Gctx(path) as file:
        with pytest.raises(LacunaError) as error:
            file.read(asked_as(["g5", "g4"]), asked_as(["w12", "w3", "w11"]))
        assert str(error.value).startswith(f"{path}: column 'w11', row 'g4' is {name} (1 such")
        file.read(["g5"], ["w11"])  # beside it


def test_a_value_that_is_no_number_is_named_when_asked_for_by_a_column_of_a_table(tmp_path, matrix):
    matrix[11, 4] = np.nan
    wells = pd.DataFrame({"well": ids("w", 30)})
    with (
        Gctx(write(tmp_path / "a.gctx", matrix)) as file,
        pytest.raises(LacunaError, match="column 'w11', row 'g4' is nan"),
    ):
        file.read(ids("g", 7), wells["well"].iloc[8:])


def test_the_file_is_closed_whatever_happens(path):
    with pytest.raises(LacunaError), Gctx(path) as file:
        file.read(["none"], ["none"])
    assert not file._file
    with h5py.File(path, "a") as again:
        del again["0/META/COL"]
    refused(path)
    h5py.File(path, "w").close()  # would fail if anyone still held it


# Writing


class Broken:
    def __str__(self):
        raise ZeroDivisionError


def test_a_failure_in_the_middle_leaves_nothing(tmp_path, matrix):
    columns = pd.DataFrame({"fine": ids("x", 30), "broken": [Broken()] * 30}, index=ids("w", 30))
    with pytest.raises(ZeroDivisionError):
        write_gctx(tmp_path / "a.gctx", matrix, pd.DataFrame(index=ids("g", 7)), columns)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_middle_leaves_the_old_file(path, matrix):
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        write(path, matrix, columns=[*ids("w", 29), Broken()])
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["level3.gctx"]


def test_a_matrix_that_does_not_fit_its_ids_is_not_written(tmp_path, matrix):
    with pytest.raises((ValueError, LacunaError)):
        write(tmp_path / "a.gctx", matrix.T, rows=ids("g", 7), columns=ids("w", 30))
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_is_made(tmp_path, matrix):
    write(tmp_path / "new" / "a.gctx", matrix)
    assert (tmp_path / "new" / "a.gctx").exists()
