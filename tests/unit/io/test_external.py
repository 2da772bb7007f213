"""Tables of another platform: what is read of them, and what is refused."""

import gzip

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.external import read_external

GENES = pd.DataFrame({"gene": list("12345"), "symbol": ["A", "B", "C", None, "E"]})
PROFILES = ["symbol\ts1\ts2\ts3", "E\t4\t0\t0", "X\t9\t9\t9", "A\t3\t1\t2", "C\t\tNA\t2"]
SAMPLES = ["sample\tdrug\tcell\tnote", "s3\tbeta\tMCF7\t", "s1\talpha\tMCF7\t", "s2\tbeta\tPC3\tx"]


@pytest.fixture
def read(tmp_path):
    def read_lines(profiles=PROFILES, samples=SAMPLES):
        paths = tmp_path / "profiles.tsv", tmp_path / "samples.tsv"
        for path, lines in zip(paths, (profiles, samples), strict=True):
            path.write_text("\n".join(lines) + "\n")
        return read_external(*paths, GENES)

    return read_lines


def replaced(lines, old, new):
    return [line.replace(old, new) for line in lines]


def test_profiles_are_of_unit_length_in_the_order_of_the_genes_and_samples(read):
    found = read()
    assert found.drug.tolist() == ["beta", "alpha", "beta"]
    assert found.cell.tolist() == ["MCF7", "MCF7", "PC3"]
    assert found.profiles.dtype == np.float32
    expected = [[2, 0, 2, 0, 0], [3, 0, 0, 0, 4], [1, 0, 0, 0, 0]]
    expected = np.array(expected) / np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(found.profiles, expected)


def test_a_gene_is_measured_where_any_sample_has_a_value(read):
    assert read().measured.tolist() == [True, False, True, False, True]
    nowhere = replaced(PROFILES, "C\t\tNA\t2", "C\t\tNA\t")
    assert read(nowhere).measured.tolist() == [True, False, False, False, True]


def test_samples_of_a_drug_and_cell_are_averaged_before_they_are_scaled(read):
    samples = replaced(SAMPLES, "alpha\tMCF7", "beta\tMCF7")
    found = read(samples=samples)
    assert list(zip(found.drug, found.cell, strict=True)) == [("beta", "MCF7"), ("beta", "PC3")]
    mean = np.array([2.5, 0, 2, 0, 2])  # C has a value in one of the two
    assert np.allclose(found.profiles[0], mean / np.linalg.norm(mean))


def test_a_packed_table_is_read_too(read, tmp_path):
    plain = read()
    packed = tmp_path / "profiles.tsv.gz"
    packed.write_bytes(gzip.compress("\n".join(PROFILES).encode()))
    found = read_external(packed, tmp_path / "samples.tsv", GENES)
    assert np.array_equal(found.profiles, plain.profiles)


@pytest.mark.parametrize(
    ("profiles", "samples", "said"),
    [
        (
            replaced(PROFILES, "symbol", "gene"),
            SAMPLES,
            r"profiles.tsv: the first column is 'gene'",
        ),
        (PROFILES, replaced(SAMPLES, "cell", "celll"), r"samples.tsv: no column cell .*'celll'"),
        (PROFILES, SAMPLES[:-1], r"profiles.tsv: samples 's2' do not stand in .*samples.tsv"),
        (PROFILES, [*SAMPLES, "s4\tx\ty"], r"samples.tsv: samples 's4' do not stand in .*profiles"),
        (PROFILES, [*SAMPLES, "s3\tx\ty"], r"samples.tsv: sample 's3' stand in more than one row"),
        (PROFILES, replaced(SAMPLES, "alpha", ""), r"samples.tsv: .* drug is empty in 1 rows"),
        (PROFILES, SAMPLES[:1], r"samples.tsv: names no sample"),
        ([*PROFILES, "A\t1\t1\t1"], SAMPLES, r"profiles.tsv: symbol 'A' stand in more than one"),
        ([*PROFILES, "\t1\t1\t1"], SAMPLES, r"profiles.tsv: .* symbol is empty .* in line 6"),
        ([PROFILES[0], "X\t1\t1\t1"], SAMPLES, r"none of its symbols \('X'\) .* \('A', 'B', 'C'"),
        (
            replaced(PROFILES, "1\t2", "1\ttwo"),
            SAMPLES,
            r"column 's3', line 4, symbol 'A': 'two' is no",
        ),
        (
            replaced(PROFILES, "1\t2", "1\tinf"),
            SAMPLES,
            r"column 's3', line 4, symbol 'A': 'inf' is no",
        ),
        (
            [PROFILES[0], "A\t1\t\t1", "X\t1\t1\t1"],
            SAMPLES,
            r"profiles.tsv: samples 's2' have no value for any gene of the tensor",
        ),
        (replaced(PROFILES, "A\t3\t1", "A\t3\t0"), SAMPLES, r"drug 'beta' in cell 'PC3' are all 0"),
    ],
)
def test_a_mistake_names_file_column_and_sample(read, profiles, samples, said):
    with pytest.raises(LacunaError, match=said):
        read(profiles, samples)


def test_a_missing_file_is_named(tmp_path):
    (tmp_path / "samples.tsv").write_text("\n".join(SAMPLES))
    with pytest.raises(LacunaError, match=r"absent.tsv: no such file"):
        read_external(tmp_path / "absent.tsv", tmp_path / "samples.tsv", GENES)
