"""Matrices from one layout into another: nothing is lost but where a layout has no room for it."""

from itertools import product

import anndata
import numpy as np
import pandas as pd
import pytest
from cmapPy.pandasGEXpress import parse
from hypothesis import given, settings
from hypothesis import strategies as st
from matrices import facts_of_genes, facts_of_samples, read
from scipy import sparse
from wells import ODD_NAMES

from lacuna import command
from lacuna.errors import LacunaError
from lacuna.io import convert as module
from lacuna.io.blocks import AT_ONCE
from lacuna.io.convert import convert
from lacuna.io.expression import open_matrix
from lacuna.io.gctx import write_gctx

# cmapPy was written for an older pandas, and anndata says that it will be stricter.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

GENES = [f"{n:02d}" for n in range(7)]
VALUES = np.random.default_rng(2).normal(0, 3, (len(ODD_NAMES), 7)).astype(np.float32)
WITH_FACTS = [".gctx", ".gct", ".gct.gz", ".h5ad"]
OF_TEXT = [".tsv", ".txt", ".csv", ".tsv.gz", ".csv.gz"]


def start(folder, ending=".gctx", values=VALUES, genes=None, samples=None):
    genes = facts_of_genes(GENES) if genes is None else genes
    samples = facts_of_samples(ODD_NAMES) if samples is None else samples
    write_gctx(folder / "start.gctx", values, genes, samples.fillna({"pert_iname": "-666"}))
    if ending == ".gctx":
        return folder / "start.gctx"
    convert(folder / "start.gctx", folder / f"start{ending}")
    return folder / f"start{ending}"


def content(path):
    with open_matrix(path) as matrix:
        names, values = read(matrix)
        plain = [
            table.apply(
                lambda column: column.astype(object) if column.dtype == "category" else column
            )
            for table in (matrix.about_genes, matrix.samples)
        ]
        return names, list(matrix.genes), values, *(table[sorted(table)] for table in plain)


def assert_same(found, expected):
    assert found[:2] == expected[:2]
    np.testing.assert_array_equal(found[2].astype(np.float32), expected[2].astype(np.float32))
    for left, right in zip(found[3:], expected[3:], strict=True):
        pd.testing.assert_frame_equal(left, right, check_names=False)


@pytest.mark.parametrize(("first", "second"), [*product(WITH_FACTS, WITH_FACTS)])
def test_there_and_back_everything_is_the_same(tmp_path, first, second):
    path = start(tmp_path, first)
    convert(path, tmp_path / f"there{second}")
    convert(tmp_path / f"there{second}", tmp_path / f"back{first}")
    expected = content(tmp_path / "start.gctx")
    assert expected[0] == ODD_NAMES
    assert expected[4]["pert_iname"].isna().tolist() == [False, True] + [False] * 5
    for made in (f"there{second}", f"back{first}"):
        assert_same(content(tmp_path / made), expected)


@pytest.mark.parametrize("ending", OF_TEXT)
def test_a_table_keeps_values_and_names_and_says_what_it_cannot(tmp_path, ending):
    made = convert(start(tmp_path), tmp_path / f"a{ending}")
    assert made.left_out == [
        "genes: 'pr_gene_symbol', 'pr_is_lm'",
        "samples: 'pert_dose', 'pert_idose', 'pert_iname'",
    ]
    convert(tmp_path / f"a{ending}", tmp_path / "back.gctx")
    found, expected = content(tmp_path / "back.gctx"), content(tmp_path / "start.gctx")
    assert found[:2] == expected[:2]
    np.testing.assert_array_equal(found[2], expected[2])


def test_a_table_is_what_pandas_reads(tmp_path):
    convert(start(tmp_path), tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv", index_col="gene", dtype={"gene": str})
    assert list(table.columns) == ODD_NAMES
    assert list(table.index) == GENES
    np.testing.assert_array_equal(table.to_numpy(np.float32), VALUES.T)


def test_anndata_reads_what_is_written(tmp_path):
    convert(start(tmp_path, ".gct"), tmp_path / "a.h5ad")
    found, samples = anndata.read_h5ad(tmp_path / "a.h5ad"), facts_of_samples(ODD_NAMES)
    np.testing.assert_array_equal(found.X, VALUES)
    assert list(found.obs_names) == ODD_NAMES
    assert list(found.var_names) == GENES
    assert found.var["pr_gene_symbol"].tolist() == [f"SYM {n}" for n in range(7)]
    np.testing.assert_equal(found.obs["pert_dose"].to_numpy(), samples["pert_dose"].to_numpy())
    assert found.obs["pert_iname"].isna().tolist() == samples["pert_iname"].isna().tolist()
    assert found.obs["pert_iname"].dropna().tolist() == samples["pert_iname"].dropna().tolist()


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_matrix])
def test_what_anndata_writes_is_read_by_cmappy(tmp_path, layout):
    obs = pd.DataFrame(
        {
            "cell_id": pd.Categorical(["A375", "PC3", None]),
            "flag": [True, False, True],
            "dose": pd.array([1, None, 3], "Int64"),
            "a/b": ["x", "y", "z"],
        },
        index=["s1", "s2", "s3"],
    )
    values = np.array([[0, 1, 2], [3, 0, 0], [0, 0, 4.5]], np.float32)
    made = anndata.AnnData(layout(values), obs, pd.DataFrame(index=["1", "2", "3"]))
    made.write_h5ad(tmp_path / "a.h5ad")
    convert(tmp_path / "a.h5ad", tmp_path / "a.gctx")
    seen = parse.parse(str(tmp_path / "a.gctx"))
    np.testing.assert_array_equal(seen.data_df.to_numpy(), values.T)
    found = seen.col_metadata_df
    assert found["flag"].tolist() == [1, 0, 1]
    np.testing.assert_equal(found["dose"].to_numpy(float), [1, np.nan, 3])
    assert found["a_b"].tolist() == ["x", "y", "z"]
    assert found["cell_id"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("ending", [*WITH_FACTS, *OF_TEXT])
def test_a_missing_value_stays_missing(tmp_path, ending):
    values = VALUES.copy()
    values[2, 3] = np.nan
    path = start(tmp_path, values=values)
    convert(path, tmp_path / f"a{ending}")
    found = content(tmp_path / f"a{ending}")[2]
    np.testing.assert_array_equal(found.astype(np.float32), values)


@pytest.mark.parametrize("at_once", [1, 2, 3, 10**6])
@pytest.mark.parametrize("ending", [".gct", ".csv"])
def test_text_is_written_in_pieces(tmp_path, monkeypatch, at_once, ending):
    convert(start(tmp_path), tmp_path / f"whole{ending}")
    monkeypatch.setattr(module, "VALUES_AT_ONCE", at_once * len(ODD_NAMES))
    convert(start(tmp_path), tmp_path / f"pieces{ending}")
    same = [tmp_path / f"{name}{ending}" for name in ("whole", "pieces")]
    assert same[0].read_bytes() == same[1].read_bytes()


@pytest.mark.parametrize("ending", [".gct", ".csv", ".h5ad"])
def test_more_samples_than_are_read_at_once_come_back(tmp_path, ending):
    values = np.random.default_rng(3).normal(size=(2 * AT_ONCE + 9, 3)).astype(np.float32)
    genes, samples = (
        pd.DataFrame(index=[f"n{n}" for n in range(size)]) for size in (3, len(values))
    )
    path = start(tmp_path, values=values, genes=genes, samples=samples)
    convert(path, tmp_path / f"a{ending}")
    np.testing.assert_array_equal(content(tmp_path / f"a{ending}")[2].astype(np.float32), values)


names = st.text(
    st.characters(
        exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        exclude_categories=["Cs", "Cc", "Zl", "Zp"],
    ),
    min_size=1,
    max_size=8,
)
values = st.floats(width=32, allow_infinity=False)


@given(st.data())
@settings(max_examples=25)
@pytest.mark.parametrize("ending", [".gct", ".tsv", ".csv", ".gctx"])
def test_any_names_and_numbers_come_back(tmp_path_factory, ending, data):
    folder = tmp_path_factory.getbasetemp()
    genes, samples = (data.draw(st.lists(names, min_size=1, max_size=4, unique=True)) for _ in "gs")
    size = len(genes) * len(samples)
    drawn = data.draw(st.lists(values, min_size=size, max_size=size))
    matrix = np.array(drawn, np.float32).reshape(len(samples), len(genes))
    about = (pd.DataFrame(index=pd.Index(ids, dtype=object)) for ids in (genes, samples))
    write_gctx(folder / "a.gctx", matrix, *about)
    convert(folder / "a.gctx", folder / f"any{ending}")
    found = content(folder / f"any{ending}")
    assert (found[0], found[1]) == (samples, genes)
    np.testing.assert_array_equal(found[2].astype(np.float32), matrix)


# What is refused


@pytest.mark.parametrize("name", ["a.xlsx", "a.gctx.gz", "a", "a.gcx", "a.h5ad.gz"])
def test_an_ending_that_is_not_known_is_refused(tmp_path, name):
    with pytest.raises(LacunaError, match=r"says no layout.*expected one of '\.gctx', '\.h5ad'"):
        convert(start(tmp_path), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_file_is_not_written_over_itself(tmp_path):
    path = start(tmp_path)
    (tmp_path / "link.gctx").symlink_to(path)
    before = path.read_bytes()
    with pytest.raises(LacunaError, match="is the file to read"):
        convert(path, tmp_path / "link.gctx")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"a/b": "x", "a_b": "y"}, "two facts about samples are called 'a_b'"),
        (
            {"pert_iname": "two\nlines"},
            "column pert_iname: 'two\\nlines' holds a control character",
        ),
        ({"two\twords": "x"}, "holds a control character"),
    ],
)
def test_facts_that_no_layout_can_keep_are_named(tmp_path, table, said):
    made = anndata.AnnData(VALUES, pd.DataFrame(table, index=ODD_NAMES), pd.DataFrame(index=GENES))
    made.write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(LacunaError) as raised:
        convert(tmp_path / "a.h5ad", tmp_path / "a.gct")
    assert said in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5ad"]


def test_a_number_that_float32_cannot_hold_is_named(tmp_path):
    (tmp_path / "a.tsv").write_text("g\tu\tv\nA\t1\t1e300\n")
    with pytest.raises(
        LacunaError, match=r"a\.tsv: samples 'u' to 'v' hold a number beyond 3\.4e\+38"
    ):
        convert(tmp_path / "a.tsv", tmp_path / "a.gctx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tsv"]


def test_the_command_says_what_it_made(tmp_path, monkeypatch, capsys):
    start(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert command.main(["convert", "start.gctx", "a.csv"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "7 genes x 7 samples: a.csv",
        "A table has no room for facts about genes: 'pr_gene_symbol', 'pr_is_lm'. A .gct has.",
        "A table has no room for facts about samples: 'pert_dose', 'pert_idose', 'pert_iname'. "
        "A .gct has.",
    ]
    assert (tmp_path / "a.csv").exists()
    assert command.main(["convert", "start.gctx", "a.xlsx"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: a.xlsx: the ending '.xlsx' says no layout")
