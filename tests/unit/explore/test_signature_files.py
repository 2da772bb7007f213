"""Lists of genes as people have them, and what is said of those that are none."""

import gzip

import pytest

from lacuna.errors import LacunaError
from lacuna.explore.signature_files import LARGEST, read_genes, read_values


@pytest.fixture
def file(tmp_path):
    def write(content, name="mine.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "TP53\nMYC\n",
        "TP53\r\nMYC\r\n\r\n",
        "\ufeffTP53\nMYC",
        "TP53, MYC",
        "TP53\tMYC\tTP53",
        "# up in treated\n\ngene\nTP53\nMYC\n",
        '"TP53"\n"MYC"\n',
        "TP53;MYC;",
    ],
)
def test_names_are_read_however_they_are_separated(file, text):
    assert read_genes(file(text)) == ["TP53", "MYC"]
    assert read_genes(file(gzip.compress(text.encode()), "mine.txt.gz")) == ["TP53", "MYC"]


def test_a_remark_in_latin_1_does_no_harm(file):
    assert read_genes(file("# caf\u00e9\nTP53\nMYC\n".encode("latin-1"))) == ["TP53", "MYC"]


def test_a_gmt_file_of_one_set_is_read(file, tmp_path):
    assert read_genes(file("SET\tabout\tTP53\tMYC\n", "one.gmt")) == ["TP53", "MYC"]
    packed = tmp_path / "one.gmt.gz"
    packed.write_bytes(gzip.compress(b"SET\tabout\tTP53\tMYC\n"))
    assert read_genes(packed) == ["TP53", "MYC"]
    with pytest.raises(LacunaError, match=r"two.gmt: holds 2 sets \('A', 'B'\); expected one."):
        read_genes(file("A\t\tTP53\nB\t\tMYC\n", "two.gmt"))


@pytest.mark.parametrize(
    "text",
    [
        "TP53\t1.5\nMYC\t-2\n",
        "gene,logFC,p\nTP53,1.5,0.01\nMYC,-2,0.02\n",
        "TP53;1.5\nMYC;-2e0\n",
        "# z\nTP53 1.5\nMYC   -2\n",
        '"gene"\t"z"\n"TP53"\t"1.5"\n"MYC"\t-2\n',
    ],
)
def test_values_are_read_with_and_without_headings(file, text):
    assert read_values(file(text)).to_dict() == {"TP53": 1.5, "MYC": -2}


@pytest.mark.parametrize(
    ("read", "content", "said"),
    [
        (read_genes, "", "names no gene; expected one a line."),
        (read_genes, "# nothing\n\n", "names no gene; expected one a line."),
        (read_genes, b"TP53\0MYC", "holds a zero byte; expected text in UTF-8 or Latin-1. Save it"),
        (read_genes, "TP53\nMY\x07C", "line 2 holds a control character; expected text with names"),
        (read_genes, b"\x1f\x8b\x08\0cut", "cannot be decompressed"),
        (read_values, "", "names no gene; expected a line for each, with its value."),
        (read_values, "gene\tz\n", "names no gene; expected a line for each, with its value."),
        (read_values, "TP53\n", "line 1 has one field, 'TP53'; expected a gene and its value, sep"),
        (
            read_values,
            "TP53\t1\nMYC\thigh\n",
            "line 2, gene 'MYC': expected a number in the second column, not 'high'. Leave genes "
            "without a value out.",
        ),
        (read_values, "TP53\t1\nMYC\tnan\n", "line 2, gene 'MYC': expected a number in the second"),
        (read_values, "TP53\t1\nMYC\t\n", "line 2, gene 'MYC': expected a number in the second"),
        (
            read_values,
            "TP53\t1\nMYC\t2\nTp53\t3\n",
            "line 3: 'Tp53' stands in line 1 already; expected each gene once. Remove one, or give "
            "their mean.",
        ),
    ],
)
def test_what_is_no_signature_is_named(file, read, content, said):
    path = file(content)
    with pytest.raises(LacunaError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: {said}")


def test_a_file_that_is_not_there_or_endless_is_named(file, tmp_path):
    for read in (read_genes, read_values):
        with pytest.raises(
            LacunaError, match=r"absent.txt: no such file; expected a file with names"
        ):
            read(tmp_path / "absent.txt")
        with pytest.raises(LacunaError, match=rf"holds more than {LARGEST:,} bytes; expected a l"):
            read(file(b"A\n" * (LARGEST // 2 + 1)))
    with pytest.raises(LacunaError, match="is a folder; expected a file with names of genes"):
        read_genes(tmp_path)
