"""Samples to learn from: filters, units, symbols and the genes kept, against plain definitions."""

import numpy as np
import pandas as pd
import pytest
from matrices import gct_of, text_of, write, write_archs4
from wells import write_text

from lacuna.errors import LacunaError
from lacuna.io.expression import open_expression
from lacuna.io.genes import GeneTable
from lacuna.translation.sources import check_unit, kept_genes, open_source

NO_TABLE = GeneTable()
DEEP = 2_000_000


def deep(samples=6, genes=("A", "B", "C"), seed=0):
    """Counts of samples that are deep enough: the last gene has most of the reads."""
    rng = np.random.default_rng(seed)
    names = [f"s{number}" for number in range(samples)]
    table = pd.DataFrame(rng.integers(20, 900, (samples, len(genes))), names, genes)
    table.iloc[:, -1] += DEEP + np.arange(samples) * 100_000
    return table


def tpm(samples=4, genes=("A", "B", "C"), total=1e6, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.dirichlet(np.ones(len(genes)), samples) * total
    return pd.DataFrame(values, [f"t{number}" for number in range(samples)], genes)


@pytest.fixture
def source(tmp_path):
    """A function that opens a table as a source; everything is closed at the end."""
    opened = []

    def open_table(table, unit="counts", genes=NO_TABLE, samples=None):
        path = write(tmp_path / f"matrix-{len(opened)}.tsv", text_of(table))
        if samples is not None:
            samples = write_text(samples, tmp_path / f"samples-{len(opened)}.tsv")
        opened.append(open_expression(path, samples))
        return open_source(opened[-1], unit, genes)

    yield open_table
    for one in opened:
        one.__exit__()


def whole(source, *args, **options):
    return np.vstack([values for _, values in source.blocks(*args, **options)])


# Samples


def test_samples_of_few_reads_are_left_out_by_the_sum_of_their_counts(source):
    table = deep()
    table.loc["s1"] = [100, 100, 999_800]  # one million: not more
    table.loc["s2"] = [100, 100, 999_801]
    found = source(table)
    assert list(found.samples.index) == ["s0", "s2", "s3", "s4", "s5"]
    assert list(found.samples["reads"]) == list(table.drop("s1").sum(axis=1))
    assert list(found.filters["samples"]) == [6, 5, 5]


def test_the_reads_that_a_file_gives_go_before_its_sum(tmp_path):
    table = deep()
    path = write_archs4(tmp_path / "a.h5", table, total=[1e6, 1e6 + 1, 9e6, 0, 2e6, 3e6])
    with open_expression(path) as matrix:
        assert list(open_source(matrix, "counts", NO_TABLE).samples.index) == [
            "s1",
            "s2",
            "s4",
            "s5",
        ]


@pytest.mark.parametrize(("size", "left"), [(199, 201), (200, 2)])
def test_a_study_of_200_samples_is_left_out(tmp_path, size, left):
    table = deep(size + 2)
    series = ["GSE1"] * size + ["GSE2", "GSE1,GSE2"]
    with open_expression(write_archs4(tmp_path / "a.h5", table, series=series)) as matrix:
        found = open_source(matrix, "counts", NO_TABLE)
        assert len(found.samples) == left
        assert set(found.samples["study"]) >= {"GSE2", "GSE1,GSE2"}


def test_a_table_says_of_which_study_a_sample_is(source):
    table = deep()
    rows = pd.DataFrame({"sample": table.index, "source": list("aabbcc")})
    assert list(source(table, samples=rows).samples["study"]) == list("aabbcc")


def test_base_coverage_counts_as_a_hundredth_of_it_in_reads(source):
    table = deep() * 100
    table.loc["s0"] //= 100
    rows = pd.DataFrame({"sample": table.index, "unit": "counts (recount2 base coverage)"})
    found = source(table, samples=rows)
    assert "s0" not in found.samples.index
    assert list(found.samples["reads"]) == list(deep().sum(axis=1)[1:])
    # 10 reads are 1,000 bases.
    table["A"] = [999, 999, 999, 999, 999, 999]
    assert list(kept_genes([source(table, samples=rows)])["kept"]) == [False, True, True]


def test_a_unit_that_the_table_contradicts_is_refused(source):
    table = deep()
    rows = pd.DataFrame({"sample": table.index, "unit": ["counts"] * 5 + ["TPM"]})
    with pytest.raises(LacunaError, match="says 'TPM' of sample 's5'"):
        source(table, samples=rows)


def test_no_sample_left_is_said_with_the_steps(source):
    with pytest.raises(LacunaError, match="more than 1,000,000 reads: 0"):
        source(deep() // 1000)


def test_only_some_samples(source):
    found = source(deep()).only(["s4", "s1"])
    assert list(found.samples.index) == ["s1", "s4"]
    np.testing.assert_array_equal(whole(found), deep().loc[["s1", "s4"]])
    with pytest.raises(LacunaError, match="'s9'"):
        found.only(["s9"])


# Genes


def test_genes_are_sorted_and_duplicates_summed(source):
    table = deep(genes=("C", "A", "B", "A", "D"))
    found = source(table)
    summed = table.T.groupby(level=0).sum().T
    assert list(found.genes) == ["A", "B", "C", "D"]
    np.testing.assert_array_equal(whole(found, at_once=4), summed)
    np.testing.assert_array_equal(whole(found, ["D", "A"]), summed[["D", "A"]])


def test_ids_become_symbols_and_those_without_are_counted(source):
    ids = ["ENSG00000000003.1", "ENSG00000000001.2", "ENSG00000000002.7", "ENSG00000000009.1"]
    known = pd.Series(["Z", "Y", "Z"], [f"ENSG0000000000{n}" for n in (1, 2, 3)])
    table = deep(genes=ids)
    found = source(table, genes=GeneTable(ensembl=known))
    assert (list(found.genes), found.unmapped) == (["Y", "Z"], 1)
    plain = table.to_numpy()
    np.testing.assert_array_equal(
        whole(found), np.stack([plain[:, 2], plain[:, 0] + plain[:, 1]], 1)
    )


def test_without_a_table_the_symbols_of_the_file_count_beside_ids(tmp_path):
    ids = ["ENSG00000000003.1", "ENSG00000000001.2", "ENSG00000000002.7"]
    path = write(tmp_path / "a.gct", gct_of(deep(genes=ids), ["Z", "Y", ""]))
    known = pd.Series(["T"], ["ENSG00000000001"])
    with open_expression(path) as matrix:
        found = open_source(matrix, "counts", NO_TABLE)
        assert (list(found.genes), found.unmapped) == (["Y", "Z"], 1)
        assert list(open_source(matrix, "counts", GeneTable(ensembl=known)).genes) == ["T"]
    path = write(tmp_path / "b.gct", gct_of(deep(), ["about A", "about B", "about C"]))
    with open_expression(path) as matrix:
        assert list(open_source(matrix, "counts", NO_TABLE).genes) == ["A", "B", "C"]


def test_a_missing_value_is_none_unless_its_twin_has_one(source):
    table = deep(genes=("A", "B", "A", "C")).astype(float)
    table.iloc[0, 0] = table.iloc[1, 1] = table.iloc[2, 0] = table.iloc[2, 2] = np.nan
    values = whole(source(table))
    assert values[0, 0] == table.iloc[0, 2]
    assert np.isnan(values[1, 1])
    assert np.isnan(values[2, 0])
    assert np.isnan(values).sum() == 2


def test_genes_that_are_not_there_are_named(source):
    with pytest.raises(LacunaError, match=r"has no genes 'X' \(1 of 2"):
        whole(source(deep()), ["A", "X"])


def test_kept_genes_after_the_definition(source):
    rng = np.random.default_rng(3)
    table = deep(100, [f"g{n:02}" for n in range(12)] + ["z"])
    table.iloc[:, :12] = 9
    for gene in range(12):  # so many samples reach 10
        table.iloc[rng.permutation(100)[:gene], gene] = 10
    found = kept_genes([source(table)])
    assert list(found["kept"]) == [gene >= 2 for gene in range(12)] + [True]
    np.testing.assert_allclose(found["reached"][:12], np.arange(12) / 100)


def test_kept_genes_of_several_sources_are_those_in_all_and_shares_of_all_samples(source):
    first, second = deep(60, ("A", "B", "C", "X")), deep(40, ("B", "A", "Y", "C"), seed=1)
    first["A"], second["A"] = 0, 0
    first.iloc[:1, 0] = 10  # one of 100 samples
    first["B"], second["B"] = 0, 0
    second.iloc[:2, 0] = 10  # two of 100
    found = kept_genes([source(first), source(second)], at_once=7)
    assert list(found["gene"]) == ["A", "B", "C"]
    assert list(found["kept"]) == [False, True, True]


def test_tpm_has_to_reach_ten_reads_at_the_median_depth(source):
    table = deep(5)
    table["C"] = 10_000_000 - table["A"] - table["B"]  # 10 reads of 10 million: 1 TPM
    table["A"] = table["B"] = 0
    of_tpm = tpm(45)
    of_tpm["A"], of_tpm["B"], of_tpm["C"] = 0.99, 1.0, 999_998.0
    table["C"] = 10_000_000
    assert list(kept_genes([source(table), source(of_tpm, "tpm")])["kept"]) == [False, True, True]
    of_tpm["A"], of_tpm["B"] = 0.49, 0.5  # alone, at 20 million reads
    assert list(kept_genes([source(of_tpm, "tpm")])["kept"]) == [False, True, True]


def test_missing_values_are_reported_and_do_not_reach(source):
    table = deep(100).astype(float)
    table.iloc[1:, 0] = np.nan
    found = kept_genes([source(table)]).set_index("gene")
    assert found.loc["A", "missing"] == 0.99
    assert not found.loc["A", "kept"]


def test_sources_without_a_common_gene_are_refused(source):
    with pytest.raises(LacunaError, match=r"matrix-0.*matrix-1.*no gene in common"):
        kept_genes([source(deep()), source(deep(genes=("X", "Y", "Z")))])


# Units


@pytest.mark.parametrize(
    ("table", "unit", "said"),
    [
        (deep() + 0.5, "counts", "sample 's0', gene 'A' is .*whole numbers.*RSEM"),
        (tpm(), "counts", "these look like TPM"),
        (tpm().round(), "counts", "rounded TPM or CPM"),
        (deep() * [1, -1, 1], "counts", "gene 'B' is -.*never negative"),
        (tpm() * [1, 1, -1], "tpm", "gene 'C' is -.*never negative"),
        (deep(), "tpm", r"sample 's0' sums to 2,\d+,\d+ .*counts, declare"),
        (np.log2(tpm() + 1), "tpm", "sample 't0' sums to .*logarithms"),
        (tpm(), "fpkm", "unit 'fpkm' is not known; expected counts or tpm"),
    ],
)
def test_values_that_are_not_in_their_unit_are_refused_by_name(source, table, unit, said):
    with pytest.raises(LacunaError, match=said) as error:
        source(table, unit)
    assert "matrix-0.tsv" in str(error.value)


def test_a_late_fault_is_found_when_it_is_read(tmp_path):
    table = deep(300)
    table.iloc[:, 0] = 50
    path = write_archs4(tmp_path / "a.h5", table)
    with open_expression(path) as matrix:
        found = open_source(matrix, "counts", NO_TABLE)
        values = table.to_numpy(float)[:3]
        values[2, 1] = 0.25
        with pytest.raises(LacunaError, match=r"sample 's2', gene 'B' is 0\.25"):
            check_unit(matrix, table.index[:3], values, found.unit)


@pytest.mark.parametrize("total", [0.56e6, 0.8e6, 1.02e6])
def test_tables_of_protein_coding_genes_pass_as_tpm(source, total):
    assert len(source(tpm(total=total), "tpm").samples) == 4


def test_large_whole_numbers_written_as_floats_are_counts(source):
    table = deep().astype(object)
    table.loc["s0", "C"] = 1.10055e06
    assert len(source(table.astype(float)).samples) == 6


def test_the_real_tables_are_what_they_are_declared_to_be(shared_data):
    folder = shared_data / "rnaseq-samples"
    with open_expression(folder / "human_rnaseq_counts.tsv.gz", folder / "samples.tsv") as matrix:
        found = open_source(matrix, "counts", NO_TABLE)
        # Six samples of SRP021193 have fewer than 222,000 reads.
        assert len(found.samples) == 159
        assert found.samples["study"].nunique() == 14
        with pytest.raises(LacunaError, match="expected TPM"):
            check_unit(matrix, *next(matrix.blocks(at_once=2)), "tpm")
    for name in ("HPA_cell_lines_TPM", "HPA_tissues_TPM", "GTEx_tissues_TPM"):
        with open_expression(shared_data / f"rnaseq/{name}.tsv.gz") as matrix:
            found = open_source(matrix, "tpm", NO_TABLE)
            assert sum(len(block.samples) for block in found.blocks()) == len(matrix.samples)
            with pytest.raises(LacunaError, match="look like TPM"):
                open_source(matrix, "counts", NO_TABLE)
