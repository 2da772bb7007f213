"""GCT 1.3 against cmapPy, and tables separated by commas: names, facts, and what is wrong."""

import gzip

import numpy as np
import pandas as pd
import pytest
from cmapPy.pandasGEXpress import parse_gct
from matrices import facts_of_genes, facts_of_samples, gct3_of, read, write

from lacuna.errors import LacunaError
from lacuna.io.convert import convert
from lacuna.io.expression import open_matrix

# cmapPy was written for an older pandas.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")

GENES, SAMPLES = ["780", "7849", "2978", "006"], ["P_X1:A03", "P_X1:B03", "a,b", "two words", "x"]
VALUES = np.random.default_rng(1).normal(8, 3, (5, 4)).astype(np.float32)
TEXT = gct3_of(VALUES, facts_of_genes(GENES), facts_of_samples(SAMPLES))


def seen_by_cmappy(path):
    found = parse_gct.parse(str(path))
    return found.data_df, found.row_metadata_df, found.col_metadata_df


@pytest.mark.parametrize("packed", [False, True])
def test_it_is_read_as_cmappy_reads_it(tmp_path, packed):
    expected, rows, columns = seen_by_cmappy(write(tmp_path / "a.gct", TEXT))
    with open_matrix(write(tmp_path / "b", TEXT, packed)) as matrix:
        names, values = read(matrix)
        pd.testing.assert_frame_equal(matrix.about_genes, rows, check_names=False)
        pd.testing.assert_frame_equal(matrix.samples, columns, check_names=False)
    assert names == list(expected.columns)
    assert list(matrix.genes) == list(expected.index)
    np.testing.assert_array_equal(values.astype(np.float32), expected.T)


def test_what_is_written_is_read_by_cmappy(tmp_path):
    convert(write(tmp_path / "a.gct", TEXT), tmp_path / "b.gct")
    expected, found = seen_by_cmappy(tmp_path / "a.gct"), seen_by_cmappy(tmp_path / "b.gct")
    for left, right in zip(expected, found, strict=True):
        pd.testing.assert_frame_equal(left, right)


def test_texts_are_latin_1_or_utf_8(tmp_path):
    (tmp_path / "a.gct").write_bytes(TEXT.replace("β", "ß").encode("latin-1"))
    with open_matrix(tmp_path / "a.gct") as matrix:
        assert matrix.samples["pert_idose"].tolist() == ["10 µM"] * 5
        assert matrix.samples["pert_iname"].iloc[0] == 'drug 0\'s "ß"'


def test_facts_are_numbers_where_all_are_written_so(tmp_path):
    samples = pd.DataFrame(
        {
            "well": ["1", "2", "3"],
            "dose": ["0.5", "NA", "1e-05"],
            "plate": ["007", "008", "009"],
            "id_with_gap": ["12", "", "13"],
            "nothing": ["na", "-666", "NaN"],
        },
        index=["a", "b", "c"],
    )
    text = gct3_of(VALUES[:3], pd.DataFrame(index=GENES), samples)
    with open_matrix(write(tmp_path / "a.gct", text)) as matrix:
        found = matrix.samples
    assert found["well"].tolist() == [1, 2, 3]
    np.testing.assert_equal(found["dose"].to_numpy(), [0.5, np.nan, 1e-5])
    assert found["plate"].tolist() == ["007", "008", "009"]
    assert found["id_with_gap"].fillna("?").tolist() == ["12", "?", "13"]
    assert found["nothing"].isna().all()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#1.3", "#1.4", "is GCT '1.4'; expected version #1.2 or #1.3"),
        ("4\t5\t2\t3", "4\t5\t2", "is not the numbers of genes, samples, facts about genes"),
        ("4\t5\t2\t3", "4\t5\t2\t-3", "is not the numbers of"),
        ("4\t5\t2\t3", "4\t6\t2\t3", "promises 6 samples, and the third names 5"),
        ("4\t5\t2\t3", "4\t5\t3\t3", "promises 5 samples, and the third names 4"),
        ("4\t5\t2\t3", "5\t5\t2\t3", "promises 5 genes, and there are 4"),
        ("4\t5\t2\t3", "4\t5\t2\t2", "promises 4 genes, and there are 5"),
        ("4\t5\t2\t3", "4\t5\t2\t4", "promises 4 genes, and there are 3"),
        ("4\t5\t2\t3", "4\t5\t2\t99", "promises 99 facts about samples, and the file ends after 7"),
        ("4\t5\t2\t3", "4\t5\t2\t99999", "promises 99,999 facts"),
        ("pr_is_lm", "pr_gene_symbol", "are called alike"),
        ("\npert_dose\t", "\npert_idose\t", "line 6: the fact 'pert_idose' about samples stands"),
        ("pert_idose\tna\t", "pert_idose\t", "line 5 has 7 fields, the line of names 8"),
        ("\n7849\tSYM 1\t", "\n7849\t", "line 8 has 7 fields, the line of names 8"),
        ("\n7849\tSYM 1\t1\t", "\n7849\tSYM 1\t1\tx", "line 8, gene '7849', sample 'P_X1:A03': 'x"),
        ("\n7849\t", "\n780\t", "'780' stands more than once, in line 7 and line 8"),
        ("\tx\n", "\ta,b\n", "samples 'a,b' stand more than once"),
        ("\n7849\t", "\n\t", "gene 2 has no name"),
        ("\n7849\t", "\n78\x0749\t", "holds a control character"),
        ("10 µM", "10\x1b µM", "column pert_idose: '10\\x1b µM' holds a control character"),
        ("10 µM", "10\x00 µM", "holds a zero byte"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_nothing_is_left(tmp_path, old, new, said):
    assert old in TEXT
    path = write(tmp_path / "mine.gct", TEXT.replace(old, new))
    with pytest.raises(LacunaError) as raised:
        convert(path, tmp_path / "made/a.gctx")
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)
    assert not list((tmp_path / "made").glob("*"))


# Commas


CSV = 'gene,"a, b",c\n"5-(N,N)""x""",1,2\nd,3.5,\n'


@pytest.mark.parametrize("text", [CSV, "\ufeff" + CSV, CSV.replace("\n", "\r\n"), CSV[5:]])
@pytest.mark.parametrize("packed", [False, True])
def test_fields_may_be_separated_by_commas(tmp_path, text, packed):
    with open_matrix(write(tmp_path / "a.csv", text, packed)) as matrix:
        names, values = read(matrix)
    assert names == ["a, b", "c"]
    assert list(matrix.genes) == ['5-(N,N)"x"', "d"]
    np.testing.assert_equal(values, [[1, 3.5], [2, np.nan]])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("e,1", "line 4 has 2 fields, the line of names 3"),
        ("e,1,2,3", "line 4 has 4 fields"),
        ('"e"', "line 4 has 1 fields"),
        ("e,1,two", "line 4, gene 'e', sample 'c': 'two' is no number"),
        ('e,1,"2"', "'\"2\"' is no number"),
        ("e;1;2", "not separated by commas"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, line, said):
    path = write(tmp_path / "a.csv", CSV + line + "\n")
    with pytest.raises(LacunaError) as raised:
        open_matrix(path)
    assert str(path) in str(raised.value)
    assert said in str(raised.value)


def test_a_bomb_in_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("lacuna.io.untrusted.SMALL", 2**20)
    path = tmp_path / "a.gct.gz"
    path.write_bytes(gzip.compress(b"#1.3\n1\t1\t0\t0\nid\ts\n" + b"g\t1\n" * 2**21, mtime=0))
    with pytest.raises(LacunaError, match="times its size"):
        convert(path, tmp_path / "a.gctx")
    assert [each.name for each in tmp_path.iterdir()] == ["a.gct.gz"]
