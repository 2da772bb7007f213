"""The built-in names of the landmark genes, and where they are given to a screen's genes."""

import numpy as np
import pandas as pd

from lacuna.io.geo import read_genes
from lacuna.io.landmarks import fill_symbols, landmarks

NAMED = {"7157": "TP53", "4609": "MYC", "2064": "ERBB2", "1956": "EGFR", "3162": "HMOX1"}


def table(ids, symbols):
    return pd.DataFrame({"gene": ids, "symbol": symbols})


def test_the_978_have_one_name_each():
    found = landmarks()
    assert len(found) == 978
    assert found["entrez"].is_unique and found["symbol"].is_unique
    assert found["entrez"].str.fullmatch(r"[1-9]\d*").all() and found["symbol"].ne("").all()
    assert found["ensembl"].str.fullmatch(r"ENSG\d{11}|").all()
    assert found.set_index("entrez")["symbol"].reindex(NAMED).to_dict() == NAMED


def test_they_are_those_of_linc_s_own_table(shared_data):
    theirs = read_genes(shared_data / "genes/GSE92742_Broad_LINCS_gene_info.txt.gz")
    theirs = theirs[theirs["landmark"]].set_index("gene")["symbol"]
    assert theirs.to_dict() == landmarks().set_index("entrez")["symbol"].to_dict()


def test_a_landmark_without_a_symbol_gets_one_and_a_symbol_of_the_data_stays():
    ids = [*landmarks()["entrez"][:20], "999999999"]
    symbols = [np.nan, "", "OWN", *[np.nan] * 18]
    filled = fill_symbols(table(ids, symbols))
    assert list(filled["gene"]) == ids
    assert list(filled["symbol"][:4]) == ["AARS", "ABCF1", "OWN", "ACAA1"]
    assert pd.isna(filled["symbol"].iloc[-1])
    numbers = fill_symbols(table([int(one) for one in ids], symbols))
    assert numbers["symbol"].equals(filled["symbol"])


def test_row_numbers_are_no_entrez_ids():
    numbers = table([str(number) for number in range(1, 979)], [np.nan] * 978)
    assert set(numbers["gene"]) & set(landmarks()["entrez"])  # or this would show nothing
    assert fill_symbols(numbers)["symbol"].isna().all()
