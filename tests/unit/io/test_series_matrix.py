"""Arrays as GEO gives them: what drugs change, and files that are refused."""

import gzip

import numpy as np
import pandas as pd
import pytest
from platforms import write_platform, write_series_matrix

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.series_matrix import read_series_matrix

GENES = pd.DataFrame({"gene": list("1234"), "symbol": ["A", "B", "C", "D"]})
# A has two probes, C shares one with a gene elsewhere; p5 could be of A or of B.
SYMBOLS = {"p1": "A", "p2": "A", "p3": "B|X", "p4": "C", "p5": "A|B", "p6": "Y", "p7": ""}
DRUGS = ["d0", "d1", "d2", "d3", "d4", "d5"]


def arrays(drugs=DRUGS, cells=("MCF7", "PC-3"), seed=0):
    """Two replicates of each dose at 24 h, one of an untreated sample at 2 h far from all."""
    rng = np.random.default_rng(seed)
    titles = [
        f"{cell}_{drug}_{dose}_24h"
        for cell in cells
        for drug in drugs
        for dose in ("0nM", "100nM", "2000nM")
        for _ in range(2)
    ]
    titles += [f"{cell}_{drug}_0nM_2h" for cell in cells for drug in drugs]
    values = pd.DataFrame(rng.uniform(3, 12, (len(SYMBOLS), len(titles))), [*SYMBOLS], titles)
    return values.round(6)


def written(folder, values, layout="annotation", **changed):
    matrix = write_series_matrix(folder / "GSE_series_matrix.txt.gz", values, **changed)
    platform = write_platform(folder / "GPL571.annot.gz", SYMBOLS, layout)
    return matrix, platform


def by_definition(values, cell, drug, drugs=DRUGS):
    """Mean of a gene's probes; treated less untreated, of 24 h; standardised over drugs at once."""
    genes = {"A": ["p1", "p2"], "B": ["p3"], "C": ["p4"]}

    def change(one):
        def mean(is_treated):
            chosen = [
                place
                for place, title in enumerate(values)
                if title.startswith(f"{cell}_{one}_")
                and title.endswith("_24h")
                and ("_0nM_" in title) != is_treated
            ]
            return values.iloc[:, chosen].mean(axis=1)

        difference = mean(True) - mean(False)
        return np.array([difference[probes].mean() for probes in genes.values()])

    if len(drugs) < 5:
        return change(drug)
    changes = np.array([change(one) for one in drugs])
    place = drugs.index(drug)
    return (changes[place] - changes.mean(axis=0)) / changes.std(axis=0)


@pytest.mark.parametrize("layout", ["annotation", "soft", "table"])
def test_changes_are_as_defined(tmp_path, layout):
    values = arrays()
    found = read_series_matrix(*written(tmp_path, values, layout), GENES)
    assert found.name == "GSE116436"
    assert found.measured.tolist() == [True, True, True, False]
    assert len(found.drug) == 12
    for drug, cell, profile in zip(found.drug, found.cell, found.profiles, strict=True):
        expected = by_definition(values, cell, drug)
        expected = [*(expected / np.linalg.norm(expected)), 0]
        assert np.allclose(profile, expected, atol=1e-4), (drug, cell)


def test_the_order_of_samples_changes_nothing(tmp_path):
    values = arrays()
    shuffled = values.iloc[:, np.random.default_rng(1).permutation(values.shape[1])]
    one, other = (
        read_series_matrix(*written(tmp_path, each), GENES) for each in (values, shuffled)
    )
    profiles = dict(zip(zip(one.drug, one.cell, strict=True), one.profiles, strict=True))
    for drug, cell, profile in zip(other.drug, other.cell, other.profiles, strict=True):
        assert np.allclose(profile, profiles[drug, cell], atol=1e-5)


def test_a_missing_value_leaves_out_its_probe_in_its_sample(tmp_path):
    values = arrays()
    gone = values.copy()
    gone.loc["p1", gone.columns.str.startswith("MCF7")] = np.nan
    only = values.copy()
    only.loc["p1"] = np.where(only.columns.str.startswith("MCF7"), only.loc["p2"], only.loc["p1"])
    one, other = (read_series_matrix(*written(tmp_path, each), GENES) for each in (gone, only))
    assert np.allclose(one.profiles, other.profiles, atol=1e-5)


def test_of_few_drugs_nothing_is_standardised_and_few_among_many_are_left_out(tmp_path, capsys):
    values = arrays(["d0", "d1"])
    found = read_series_matrix(*written(tmp_path, values), GENES)
    assert len(found.drug) == 4
    for drug, cell, profile in zip(found.drug, found.cell, found.profiles, strict=True):
        # Here the mean of probes is told from their sum: a standard deviation divides by either.
        expected = by_definition(values, cell, drug, ["d0", "d1"])
        assert np.allclose(profile[:3], expected / np.linalg.norm(expected), atol=1e-4)
    assert "not standardised" in capsys.readouterr().out
    both = pd.concat([arrays(), arrays(["d0"], ("A549",))], axis=1)
    assert "A549" not in read_series_matrix(*written(tmp_path, both), GENES).cell
    assert "cells of fewer than 5 drugs: left out (1: 'A549')" in capsys.readouterr().out


def test_characteristics_say_what_titles_do_not(tmp_path):
    values = arrays()
    parts = [title.split("_") for title in values]
    names = ("Cell line", "drug", "concentration", "time")
    lines = [[f"{name}: {part[place]}" for part in parts] for place, name in enumerate(names)]
    plain = values.set_axis([f"sample {number}" for number in range(len(parts))], axis=1)
    found = read_series_matrix(*written(tmp_path, plain, characteristics=lines), GENES)
    expected = read_series_matrix(*written(tmp_path, values), GENES)
    assert np.array_equal(found.profiles, expected.profiles)
    with pytest.raises(LacunaError, match=r"samples without a dose, first GSM3231600 \(sample 0\)"):
        read_series_matrix(
            *written(tmp_path, plain, characteristics=[lines[0], lines[1], lines[3]]), GENES
        )


def test_one_cell_in_two_spellings_is_one(tmp_path):
    values = arrays(cells=("MCF7",))
    half = [
        title.replace("MCF7", "MCF-7") if place % 2 else title for place, title in enumerate(values)
    ]
    found = read_series_matrix(*written(tmp_path, values.set_axis(half, axis=1)), GENES)
    assert len(set(found.cell)) == 1
    assert len(found.drug) == len(DRUGS)


@pytest.mark.fault(
    "a series matrix without numbers, cut short, of other probes, not on the log2 scale, or whose "
    "samples lack a dose or untreated ones",
    "refused in words",
)
@pytest.mark.parametrize(
    ("replace", "said"),
    [
        ({"!series_matrix_table_begin": "!x"}, r"no table of numbers \(no line !series_matrix"),
        ({"!series_matrix_table_end\n": ""}, "ends before its table does"),
        ({'"p': '"q'}, r"none of its 7 probes stands in .*GPL571.annot.gz"),
        ({"_24h": "_6h"}, r"no sample was taken after 24 h, but after '2 h', '6 h'"),
        ({"_0nM_": "_1nM_"}, "no drug has treated and untreated"),
        ({"_2000nM_": "__"}, r"24 samples without a dose, first GSM3231604 \(MCF7_d0__24h\)"),
        ({"_100nM_24h": "_many_24h"}, r"samples without a dose"),
        ({"!Sample_title": "!Sample_name"}, "no line !Sample_title"),
        ({'"ID_REF"\t': '"ID_REF"\t"GSM1"\t'}, "has 85 samples, but 84 are described"),
        ({'"p1"\t': '"p1"\tx'}, "the table of numbers cannot be read"),
    ],
)
def test_odd_matrices_are_refused_in_words(tmp_path, replace, said):
    with pytest.raises((LacunaError, DamagedFile), match=said):
        read_series_matrix(*written(tmp_path, arrays(), replace=replace), GENES)


def test_intensities_are_no_logarithms(tmp_path):
    with pytest.raises(LacunaError, match="expected intensities on the log2 scale"):
        read_series_matrix(*written(tmp_path, 2 ** arrays()), GENES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ID\tName\np1\tA\n", "no columns ID and Gene Symbol; it has 'ID', 'Name'"),
        ("ID\tGene Symbol\np1\tZ\n", "none of its 1 probes is of a gene of the tensor"),
        ("", "none of its 0 probes"),
    ],
)
def test_odd_platforms_are_refused_in_words(tmp_path, text, said):
    matrix, platform = written(tmp_path, arrays())
    platform.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(LacunaError, match=said):
        read_series_matrix(matrix, platform, GENES)
