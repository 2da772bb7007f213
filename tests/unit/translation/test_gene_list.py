"""The list of genes that travels with a model: its order is kept, and another list refused."""

import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.genes import GeneTable
from lacuna.translation.gene_list import (
    check_gene_list,
    make_gene_list,
    read_gene_list,
    write_gene_list,
)

TABLE = GeneTable(
    ensembl=pd.Series(["TP53", "A1BG", "TP53"], ["ENSG2", "ENSG1", "ENSG3"]),
    entrez=pd.Series(["TP53", "NAT2"], ["7157", "10"]),
)
GENES = ["TP53", "NAT2", "A1BG", "NEW"]


@pytest.fixture
def path(tmp_path):
    write_gene_list(make_gene_list(GENES, ["NAT2", "other"], TABLE), tmp_path / "genes.tsv")
    return tmp_path / "genes.tsv"


def test_what_is_written_is_read_in_its_order(path):
    genes = read_gene_list(path)
    assert list(genes["gene"]) == GENES
    assert list(genes["landmark"]) == [False, True, False, False]
    assert list(genes["entrez"].fillna("?")) == ["7157", "10", "?", "?"]
    assert list(genes["ensembl"].fillna("?")) == ["ENSG2", "?", "ENSG1", "?"]


def test_entrez_ids_stay_text_where_all_are_numbers(tmp_path):
    write_gene_list(make_gene_list(["TP53", "NAT2"], [], TABLE), tmp_path / "genes.tsv")
    assert list(read_gene_list(tmp_path / "genes.tsv")["entrez"]) == ["7157", "10"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["TP53", "A1BG", "NAT2", "NEW"], "another order: row 2 is 'A1BG', the model has 'NAT2'"),
        (["TP53", "NAT2", "A1BG"], "1 of the model's are missing .'NEW'"),
        ([*GENES, "MORE"], "1 are others .'MORE'"),
        ([*GENES, "NEW"], "'NEW' stand more than once"),
        ([], "4 of the model's are missing"),
    ],
)
def test_another_list_is_refused_by_name(given, said):
    check_gene_list(GENES, GENES, "a.tsv")
    with pytest.raises(LacunaError, match=said) as error:
        check_gene_list(given, GENES, "a.tsv")
    assert "a.tsv" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gene\tlandmark\nA\tyes\n", "line 2, gene 'A': landmark is 'yes'"),
        ("gene\tlandmark\nA\tTrue\nA\tFalse\n", "'A' stand in more than one row"),
        ("gene\nA\n", "no column landmark"),
        ("gene\tlandmark\n", "names no gene"),
    ],
)
def test_a_list_that_is_none_is_refused(text, said, tmp_path):
    (tmp_path / "genes.tsv").write_text(text)
    with pytest.raises(LacunaError, match=said):
        read_gene_list(tmp_path / "genes.tsv")
