"""Tensors in MATLAB's files of both layouts, and what is wrong with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matlab import cells_of, names, put, put_cells, tensor, write_v5, write_v73
from scipy.io import loadmat

from lacuna.errors import LacunaError
from lacuna.io.matlab import MatlabTensor

T = tensor()
IDS = names(T)
WRITERS = {
    "v5": lambda path, values=T, **options: write_v5(path, values, compress=False, **options),
    "v7": write_v5,
    "v7.3": write_v73,
}


def read(path):
    """Read a file whole: T as it was written, and the names."""
    with MatlabTensor(path) as found:
        shape = len(found.drugs), len(found.genes), len(found.cells)
        values = np.full(shape, np.nan, np.float32)
        blocks = list(found.profiles())
        for cell, (drugs, profiles) in enumerate(blocks):
            values[drugs, :, cell] = profiles
        assert len(blocks) == shape[2]
        assert all(profiles.dtype == np.float32 for _, profiles in blocks)
        return values, [found.drugs.tolist(), found.genes.tolist(), found.cells.tolist()]


def refused(path, *said):
    with pytest.raises(LacunaError) as raised:
        read(path)
    message = str(raised.value)
    for words in (str(path), *said):
        assert words in message, message


@pytest.mark.parametrize("version", WRITERS)
def test_a_tensor_is_read_as_it_was_written(tmp_path, version):
    path = WRITERS[version](tmp_path / "large.mat", T)
    values, ids = read(path)
    np.testing.assert_array_equal(values, T.astype(np.float32))
    assert ids == list(IDS.values())


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    density=st.floats(0, 1),
    version=st.sampled_from(list(WRITERS)),
    seed=st.integers(0, 9),
)
def test_any_shape_and_pattern_is_read(tmp_path_factory, shape, density, version, seed):
    values = tensor(*shape, density, seed)
    path = WRITERS[version](tmp_path_factory.mktemp("m") / "t.mat", values)
    found, ids = read(path)
    np.testing.assert_array_equal(found, values.astype(np.float32))
    assert ids == list(names(values).values())


def test_version_5_is_read_as_scipy_reads_it(tmp_path):
    path = write_v5(tmp_path / "t.mat", T)
    np.testing.assert_array_equal(read(path)[0], loadmat(path)["T"].astype(np.float32))


def test_big_endian_bytes_are_read(tmp_path):
    """The same file, every number the other way round, by hand."""

    def element(kind, values, dtype):
        data = np.asarray(values, dtype).tobytes(order="F")
        return np.array([kind, len(data)], ">u4").tobytes() + data + bytes(-len(data) % 8)

    def array(kind, shape, name, data):
        text = np.frombuffer(name.encode(), "u1")
        parts = [element(6, [kind, 0], ">u4"), element(5, shape, ">i4"), element(1, text, "u1")]
        body = b"".join(parts) + data
        return np.array([14, len(body)], ">u4").tobytes() + body

    path = tmp_path / "t.mat"
    content = array(6, T.shape, "T", element(9, T, ">f8"))
    for name, texts in IDS.items():
        width = max(map(len, texts))
        rows = np.array([list(text.ljust(width)) for text in texts])
        codes = np.vectorize(ord)(rows)
        content += array(4, rows.shape, name, element(17, codes, ">u2"))
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + content)
    values, ids = read(path)
    np.testing.assert_array_equal(values, T.astype(np.float32))
    assert ids == list(IDS.values())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (cells_of([780.0, 783.0, 786.0, 789.0, 792.0, 795.0, 1e9]), "1000000000"),
        (cells_of([780, 783, 786, 789, 792, 795, 798]), "798"),
        (cells_of(["a", "b", "c", "d", "e", "f", "naïve μ"]), "naïve μ"),
        (cells_of(["a", "b", "c", "d", "e", "f", " g "]), "g"),
        (np.array([780, 783, 786, 789, 792, 795, 798], float), "798"),
        (np.arange(7, dtype=np.int32)[:, None], "6"),
        (np.array(["a", "bb", "c", "d", "e", "f", "gene 7"]), "gene 7"),  # a row each
    ],
)
def test_names_are_texts_numbers_or_rows_of_characters(tmp_path, written, expected):
    path = write_v5(tmp_path / "t.mat", T, geneIds=written)
    assert read(path)[1][1][-1] == expected


def test_names_of_version_7_3_are_texts_numbers_or_rows_of_characters(tmp_path):
    def numbers(file):
        put_cells(file, "geneIds", [float(number) for number in range(7)])
        del file["cellIds"]
        rows = np.array([list("A549"), list("MCF7"), list("PC3 "), list("VCAP")])
        put(file, "cellIds", np.vectorize(ord)(rows).astype("u2").T, "char")
        del file["pertIds"]
        put(file, "pertIds", np.arange(5.0)[None], "double")

    ids = read(write_v73(tmp_path / "t.mat", T, change=numbers))[1]
    assert ids == [list("01234"), list("0123456"), ["A549", "MCF7", "PC3", "VCAP"]]


def test_single_precision_and_other_variables_are_no_hindrance(tmp_path):
    others = {"notes": {"a": 1}, "S": np.eye(3), "flag": True}
    path = write_v5(tmp_path / "t.mat", T.astype(np.float32), **others)
    np.testing.assert_array_equal(read(path)[0], T.astype(np.float32))


def other(index, value):
    values = T.copy()
    values[index] = value
    return values


MEASURED = tuple(np.argwhere(~np.isnan(T[:, 0]))[0])  # a drug and a cell
AT = (MEASURED[0], 3, MEASURED[1])


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize(
    ("values", "said"),
    [
        (T[:4], ["variable T has shape 4 x 7 x 4", "name 5 x 7 x 4 (drugs x genes x cells)"]),
        (T.transpose(0, 2, 1), ["has shape 5 x 4 x 7", "in this order (permute)"]),
        (T[:, :, 0], ["variable T has shape 5 x 7,", "name 5 x 7 x 4"]),
        (
            other(AT, np.nan),
            ["variable T: drug 'BRD-000'", f"cell {IDS['cellIds'][AT[2]]!r}", "in 1 of 7 genes"],
        ),
        (other((AT[0], 0, AT[2]), np.nan), ["is NaN in 1 of 7 genes", "Is it drugs x genes"]),
        (other(AT, 1e300), ["gene '789'", "is 1e+300"]),  # infinite in float32
        (other(AT, np.inf), ["variable T: drug 'BRD-000', gene '789'", "is inf"]),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(tmp_path, version, values, said):
    refused(WRITERS[version](tmp_path / "t.mat", values, ids=IDS), *said)


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize(
    ("name", "texts", "said"),
    [
        ("pertIds", ["a", "b", "", "d", "e"], "variable pertIds: number 3 is empty"),
        ("cellIds", ["a", "b", "a", "d"], "variable cellIds: 'a' stand more than once"),
        ("cellIds", ["a", "b", "c\n", "d"], "column cellIds: 'c\\n' holds a control character"),
        ("geneIds", [1.0, 2, 3, 4, 5, 6, np.nan], "variable geneIds: holds nan; expected names"),
        ("geneIds", [1.0, 2, 3, 4, 5, 6, 7.5], "variable geneIds: holds 7.5"),
        ("pertIds", [], "variable pertIds is empty"),
    ],
)
def test_names_that_are_none_are_named(tmp_path, version, name, texts, said):
    refused(WRITERS[version](tmp_path / "t.mat", T, ids=IDS | {name: texts}), said)


@pytest.mark.parametrize("version", WRITERS)
def test_a_variable_that_is_missing_is_named(tmp_path, version):
    ids = {name: IDS[name] for name in ("pertIds", "geneIds")}
    path = WRITERS[version](tmp_path / "t.mat", T, ids=ids)
    refused(path, "has no variable 'cellIds'; it has", "Expected 'T', 'pertIds', 'geneIds'")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"T": T * 1j}, "variable T: is of class complex double"),
        ({"T": np.ones(T.shape, np.int16)}, "variable T: is of class int16"),
        ({"T": cells_of(["a"])}, "variable T has shape 1 x 1"),
        ({"pertIds": {"a": 1}}, "variable pertIds: holds an array of class struct"),
        ({"cellIds": cells_of([cells_of(["a"])] * 4)}, "holds an array of class cell"),
        ({"cellIds": cells_of([np.ones(3)] * 4)}, "place 1 holds 3 values"),
    ],
)
def test_a_variable_of_another_kind_is_named(tmp_path, variables, said):
    refused(write_v5(tmp_path / "t.mat", T, **variables), said)


def other_kind(name, values, kind):
    def change(file):
        del file[name]
        put(file, name, values, kind)

    return change


def struct(file):
    del file["pertIds"]
    file.create_group("pertIds").attrs["MATLAB_class"] = np.bytes_("struct")


def empty(file):
    del file["cellIds"]
    put(file, "cellIds", np.zeros(2, "u8"), "cell")
    file["cellIds"].attrs["MATLAB_empty"] = np.uint8(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_kind("T", np.ones((4, 7, 5), "i2"), "int16"), "variable T: is of class int16"),
        (other_kind("T", np.ones((4, 7, 5), "c16"), "double"), "variable T: is of class double"),
        (other_kind("cellIds", np.ones(4), "cell"), "variable cellIds: "),
        (struct, "variable pertIds: is of class struct"),
        (empty, "variable cellIds is empty"),
    ],
)
def test_a_variable_of_another_kind_is_named_in_version_7_3(tmp_path, change, said):
    refused(write_v73(tmp_path / "t.mat", T, change=change), said)


def test_what_is_no_matlab_file_is_named(tmp_path):
    path = tmp_path / "t.mat"
    for content in (b"", b"MATLAB 5.0", b"\x89HDF" * 99, b"0" * 500):
        path.write_bytes(content)
        refused(path, "is no MATLAB file of version 5, 7 or 7.3")
    refused(tmp_path / "nowhere.mat", "No such file")
