"""Symbols, Ensembl ids and Entrez ids: told apart, and translated by one table."""

import pandas as pd
import pytest
from wells import write_text

from lacuna.errors import LacunaError
from lacuna.io.genes import GeneTable, kind_of

TABLE = pd.DataFrame(
    {
        "ensembl": ["ENSG00000141510", "ENSG00000012048.5", "ENSG00000999999", "ENSG00000182378"],
        "entrez": ["7157", "672", "", "55344"],
        "symbol": ["TP53", "BRCA1", "NOVEL", "PLCXD1"],
        "biotype": "protein_coding",
    }
)
GENE_INFO = pd.DataFrame(
    {"pr_gene_id": ["7157", "56946"], "pr_gene_symbol": ["TP53", "C11orf30"], "pr_is_lm": 1}
)


@pytest.fixture
def path(tmp_path):
    return write_text(TABLE, tmp_path / "genes.tsv")


@pytest.fixture
def info(tmp_path):
    return write_text(GENE_INFO, tmp_path / "gene_info.txt")


def names(symbols):
    return ["?" if pd.isna(name) else name for name in symbols.names]


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (["ENSG00000141510.18", "ENSMUSG00000059552", "ENSG00000182378.14_PAR_Y"], "ensembl"),
        (["7157", 672], "entrez"),
        (["TP53", "ENSA", "1-Mar", "HLA-A", "ENSG0001"], "symbol"),
        (["ENSG00000141510"] * 19 + ["__no_feature"], "ensembl"),
    ],
)
def test_what_genes_are_named_by(ids, kind):
    assert kind_of(ids, "a") == kind


def test_a_mix_is_refused_with_counts():
    with pytest.raises(LacunaError, match=r"a\.tsv: .* 2 symbols, 1 Ensembl ids, 2 Entrez ids"):
        kind_of(["TP53", "BRCA1", "ENSG00000141510", "1", "2"], "a.tsv")


def test_no_genes_have_no_kind():
    with pytest.raises(LacunaError, match="names no genes"):
        kind_of([], "a.tsv")


def test_ensembl_ids_lose_their_versions_on_both_sides(path):
    table = GeneTable.read(path)
    ids = ["ENSG00000012048.99", "ENSG00000141510", "ENSG00000182378.14_PAR_Y", "ENSG00000000001.1"]
    found = table.to_symbols(ids, "a")
    assert names(found) == ["BRCA1", "TP53", "PLCXD1", "?"]
    assert (found.kind, found.unmapped) == ("ensembl", 1)


def test_entrez_ids_are_found_and_unknown_ones_counted(path):
    found = GeneTable.read(path).to_symbols([672, "7157", "99"], "a")
    assert names(found) == ["BRCA1", "TP53", "?"]
    assert (found.kind, found.unmapped) == ("entrez", 1)


def test_symbols_stay_even_if_the_table_has_not_heard_of_them(path):
    for table in (GeneTable(), GeneTable.read(path)):
        found = table.to_symbols(["TP53", "NEW1", "TP53"], "a")
        assert names(found) == ["TP53", "NEW1", "TP53"]
        assert found.unmapped == 0


def test_gene_info_fills_what_the_table_lacks_and_names_what_both_have(path, info):
    write_text(TABLE.assign(entrez=["7157", "672", "56946", ""]), path)
    table = GeneTable.read(path, info)
    assert names(table.to_symbols(["56946", "672"], "a")) == ["C11orf30", "BRCA1"]
    # One name for one gene, whichever way it is reached.
    assert names(table.to_symbols(["ENSG00000999999"], "a")) == ["C11orf30"]
    alone = GeneTable.read(None, info)
    assert names(alone.to_symbols(["7157"], "a")) == ["TP53"]


@pytest.mark.parametrize("ids", [["ENSG00000141510"], ["7157"]])
def test_without_a_table_ids_are_refused_and_the_key_is_named(ids):
    with pytest.raises(LacunaError, match=r"a\.gct: .*acquire: genes"):
        GeneTable().to_symbols(ids, "a.gct")


def test_ids_of_which_none_is_known_are_refused(path):
    with pytest.raises(LacunaError, match="knows none of its 1 Ensembl ids"):
        GeneTable.read(path).to_symbols(["ENSMUSG00000059552"], "a")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.drop(columns="symbol"), "no column symbol"),
        (TABLE[["symbol", "biotype"]], "has no ids"),
        (TABLE.assign(symbol=["TP53", "", "A", "B"]), "first in line 3"),
        (TABLE.assign(entrez="7157"), "entrez '7157' stand beside more than one symbol"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(table, said, path):
    write_text(table, path)
    with pytest.raises(LacunaError, match=said) as error:
        GeneTable.read(path)
    assert str(path) in str(error.value)


def test_an_id_may_stand_twice_beside_one_symbol(path):
    write_text(pd.concat([TABLE, TABLE]), path)
    assert len(GeneTable.read(path).entrez) == 3


def test_the_tables_of_real_genes(shared_data):
    info = shared_data / "genes/GSE92742_Broad_LINCS_gene_info.txt.gz"
    table = GeneTable.read(shared_data / "genes/human_genes.tsv.gz", info)
    assert (len(table.ensembl), len(table.entrez)) == (25666, 12328)
    found = table.to_symbols(["ENSG00000096060.14", "ENSG00000141510"], "a")
    assert names(found) == ["FKBP5", "TP53"]
