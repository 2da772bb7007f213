"""Sets of genes: read from GMT files, told whose targets they are."""

import gzip

import pytest

from lacuna.errors import LacunaError
from lacuna.io.gmt import factor_of, read_gmt, write_gmt


def gmt(folder, *lines, end="\n"):
    path = folder / "sets.gmt"
    path.write_bytes(end.join(lines).encode())
    return path


def test_sets_are_read_in_their_order_each_gene_once(tmp_path):
    path = gmt(tmp_path, "B_chip\tfrom somewhere\tG2\tG1\tG2", "", "A\t\tG3\t\t", end="\r\n")
    sets = read_gmt(path)
    assert sets == {"B_chip": ["G2", "G1"], "A": ["G3"]}
    assert list(sets) == ["B_chip", "A"]


def test_a_mark_of_byte_order_is_no_part_of_the_name(tmp_path):
    assert list(read_gmt(gmt(tmp_path, "\ufeffA\t\tG1"))) == ["A"]


def test_what_is_written_is_read_again(tmp_path):
    sets = {"A_chip": ["G1", "G2"], "B": ["G2"]}
    write_gmt(sets, "simulated", tmp_path / "sets.gmt")
    assert (tmp_path / "sets.gmt").read_text() == "A_chip\tsimulated\tG1\tG2\nB\tsimulated\tG2\n"
    assert read_gmt(tmp_path / "sets.gmt") == sets


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["A\tx\tG1", "B\tx"], r"sets.gmt: line 2 has .* too few fields; expected at least 3"),
        (["A\tx\t\t"], r"line 1 has .* too few fields"),
        (["A x G1 G2"], r"line 1 has .* separated by tabs"),
        (["\tx\tG1"], r"line 1 has no name"),
        (["A\tx\tG1", "", "A\ty\tG2"], r"line 3: the set 'A' stands in line 1 already"),
        ([""], r"sets.gmt: holds no set"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path, lines, said):
    with pytest.raises(LacunaError, match=said):
        read_gmt(gmt(tmp_path, *lines))


def test_a_file_that_is_missing_or_no_text_is_said(tmp_path):
    with pytest.raises(LacunaError, match=r"absent.gmt: no such file"):
        read_gmt(tmp_path / "absent.gmt")
    binary = tmp_path / "binary.gmt"
    binary.write_bytes(b"A\tx\tG\xff1\n")
    with pytest.raises(LacunaError, match=r"binary.gmt: line 1 is not text"):
        read_gmt(binary)
    latin = tmp_path / "latin.gmt"
    latin.write_bytes(b"A\tx\tG1\nB\tn\xe4me\tG1\n")
    with pytest.raises(LacunaError, match=r"latin.gmt: line 2 is not text"):
        read_gmt(latin)


def test_a_packed_file_is_read(tmp_path):
    packed = tmp_path / "packed.gmt.gz"
    packed.write_bytes(gzip.compress(b"A\tx\tG1\n"))
    assert read_gmt(packed) == {"A": ["G1"]}


def test_the_factor_is_what_the_name_begins_with():
    symbols = {"NR3C1", "HLA_A", "HLA"}
    assert factor_of("NR3C1", symbols) == "NR3C1"
    assert factor_of("NR3C1_ENCODE", symbols) == "NR3C1"
    assert factor_of("NR3C1_ENCODE_2", symbols) == "NR3C1"
    assert factor_of("HLA_A", symbols) == "HLA_A"  # the whole name first
    assert factor_of("nr3c1_ENCODE", symbols) is None
    assert factor_of("HALLMARK_APOPTOSIS", symbols) is None
    assert factor_of("NR3C1-ENCODE", symbols) is None


def test_real_sets_are_of_the_glucocorticoid_receptor(shared_data):
    sets = read_gmt(shared_data / "gene-sets" / "NR3C1.gmt")
    assert {name: len(genes) for name, genes in sets.items()} == {
        "NR3C1_ENCODE": 4104,
        "NR3C1_ChEA": 1830,
    }
    assert {factor_of(name, {"NR3C1", "TP53"}) for name in sets} == {"NR3C1"}
