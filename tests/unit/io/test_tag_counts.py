"""Counts of tags: what drugs change, and tables that are refused."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.tag_counts import read_tag_counts

GENES = pd.DataFrame({"gene": list("1234"), "symbol": ["A", "B", "C", "D"]})
COUNTS = [
    "promoter\tsymbol\tdistance\tT1\tT2\tC1\tC2\tN1",
    "p1\tA\t-10\t10\t20\t5\t5\t9",
    "p2\tA\t900\t1\t2\t3\t4\t9",
    "p3\tA\t1001\t500\t500\t1\t1\t9",
    "p4\tB\t0\t0\t0\t50\t40\t9",
    "p5\tX\t0\t900\t800\t700\t600\t9",
    "p6\tC\t0\t7\t\t8\t9\t9",
]
SAMPLES = [
    "sample\tdrug\tcell\tgroup",
    "T1\tsimvastatin\tMCF-7\ttreated",
    "T2\tsimvastatin\tMCF-7\ttreated",
    "C1\t\tMCF-7\tcontrol",
    "C2\t\tMCF7\tControl",
]


@pytest.fixture
def read(tmp_path):
    def read_lines(counts=COUNTS, samples=SAMPLES):
        paths = tmp_path / "statins.tsv", tmp_path / "samples.tsv"
        for path, lines in zip(paths, (counts, samples), strict=True):
            path.write_text("\n".join(lines) + "\n")
        return read_tag_counts(*paths, GENES)

    return read_lines


def replaced(lines, old, new):
    assert any(old in line for line in lines)
    return [line.replace(old, new) for line in lines]


def test_changes_are_as_defined(read, capsys):
    found = read()
    tags = {"T1": [11, 0, 7, 0], "T2": [22, 0, 0, 0], "C1": [8, 50, 8, 0], "C2": [9, 40, 9, 0]}
    rate = {}
    for sample, counts in tags.items():
        added = np.array(counts) + 2
        rate[sample] = 1e6 * added / added.sum()
    change = np.log((rate["T1"] + rate["T2"]) / (rate["C1"] + rate["C2"]))
    change[3] = 0  # no tag in any sample
    assert found.measured.tolist() == [True, True, True, False]
    assert np.allclose(found.profiles, [change / np.linalg.norm(change)], atol=1e-6)
    assert (found.drug.tolist(), found.cell.tolist()) == (["simvastatin"], ["MCF-7"])
    assert found.name == "statins"
    said = capsys.readouterr().out
    assert "left out (1: 'N1')" in said
    assert "farther than 1000" in said


def test_a_control_of_the_drug_comes_before_one_of_all(read):
    own = [*SAMPLES, "N1\tsimvastatin\tMCF7\tcontrol"]
    assert not np.allclose(read(samples=own).profiles, read().profiles)
    assert np.allclose(read(samples=own).profiles, read(samples=[*SAMPLES[:3], own[-1]]).profiles)


def test_drugs_are_known_by_their_keys_where_the_table_says_them(read):
    samples = [
        f"{line}\t{key}" for line, key in zip(SAMPLES, ["inchi_key", *"KK", "", ""], strict=1)
    ]
    assert read(samples=samples).inchi_keys == {"simvastatin": "K"}


@pytest.mark.fault(
    "counts of tags that are negative, or no numbers, or without a control",
    "refused in words, with the line",
)
@pytest.mark.parametrize(
    ("counts", "samples", "said"),
    [
        (replaced(COUNTS, "50\t40", "-50\t40"), SAMPLES, r"column 'C1', line 5, symbol 'B': -50"),
        (replaced(COUNTS, "50\t40", "many\t40"), SAMPLES, r"line 5, symbol 'B': 'many' is no"),
        (replaced(COUNTS, "900\t1\t", "near\t1\t"), SAMPLES, r"'distance', line 3, .*'near' is no"),
        (replaced(COUNTS, "symbol", "gene"), SAMPLES, r"no column symbol; it has 'promoter'"),
        (COUNTS, replaced(SAMPLES, "T2", "T3"), r"samples 'T3' of .*samples.tsv have no column"),
        (COUNTS, replaced(SAMPLES, "Control", "blank"), r"line 5: the group is 'blank'"),
        (COUNTS, replaced(SAMPLES, "treated", "control"), r"no sample is treated"),
        (COUNTS, SAMPLES[:3], r"no control for drug 'simvastatin' in cell 'MCF-7'"),
        (COUNTS, replaced(SAMPLES, "simvastatin", ""), r"drug is empty in 2 rows"),
        (COUNTS, replaced(SAMPLES, "group", "kind"), r"no column group"),
        (replaced(COUNTS[:1] + COUNTS[5:6], "X", "Z"), SAMPLES, r"no gene of the tensor .* has a"),
    ],
)
def test_odd_tables_are_refused_in_words(read, counts, samples, said):
    with pytest.raises(LacunaError, match=said):
        read(counts, samples)
