"""Target genes as ChIP-Atlas gives them."""

import numpy as np
import pandas as pd
import pytest
from platforms import write_bound

from lacuna.errors import LacunaError
from lacuna.io.chip_atlas import read_chip_atlas

SCORES = pd.DataFrame([[500.0, 3], [0, 70], [1, 2]], ["A", "B", "C"], ["MCF-7", "K-562"])


def test_scores_are_told_by_gene_and_by_the_cell_of_the_experiment(tmp_path):
    twice = pd.concat([SCORES, SCORES[["MCF-7"]] + 1], axis=1)
    found = read_chip_atlas(write_bound(tmp_path / "bound.1.tsv", "ESR1", twice))
    assert found.factor == "ESR1"
    assert found.genes.tolist() == ["A", "B", "C"]
    assert found.cells.tolist() == ["MCF-7", "K-562", "MCF-7"]
    assert np.array_equal(found.scores, twice.to_numpy())


def test_the_file_names_the_factor_where_no_column_does(tmp_path):
    path = write_bound(tmp_path / "MYC.1.tsv", "?", SCORES, average=False)
    assert read_chip_atlas(path).factor == "MYC"


@pytest.mark.fault(
    "a table of bound genes with another layout, a gene twice, or scores that are none",
    "refused in words, with the line",
)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Target_genes", "gene", "the first column is 'gene'; expected 'Target_genes'"),
        ("|", "/", "no column is an experiment"),
        ("\nB\t", "\nA\t", "Target_genes 'A' stand in more than one row"),
        ("70", "-70", r"column 'SRX101\|K-562', line 3, gene 'B': '-70"),
        ("70", "inf", r"line 3, gene 'B': 'inf"),
    ],
)
def test_odd_tables_are_refused_in_words(tmp_path, old, new, said):
    path = write_bound(tmp_path / "ESR1.1.tsv", "ESR1", SCORES.astype(int))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(LacunaError, match=said):
        read_chip_atlas(path)
