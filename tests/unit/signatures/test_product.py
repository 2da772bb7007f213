"""The signatures of a series as a product: a Level 5 GCTX that others and Lacuna itself read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cmapPy.pandasGEXpress.parse import parse
from rows import signatures
from wells import join, plate, signatures_of

from lacuna.io.embedded import write_embedded
from lacuna.io.gctx import Gctx
from lacuna.io.sig_info import read_signatures
from lacuna.signatures import product
from lacuna.signatures.level5 import import_signatures
from lacuna.signatures.product import write_signatures


@pytest.fixture
def made(tmp_path):
    """Signatures of two cells: some replicated, one of an unknown dose and time."""
    wells = join(
        *(plate(f"A_X{n}", ["a", "b", "c"], dose=0.04, time=24.0) for n in (1, 2)),
        plate("B_X1", ["a", "b"], cell="PC3"),
    )
    wells.loc[wells.index[-1], ["dose", "time"]] = np.nan
    wells.loc[wells["drug"].eq("a"), "name"] = np.nan
    return signatures_of(tmp_path, wells)


@pytest.fixture
def path(tmp_path, made):
    path = tmp_path / "own.gctx"
    genes = pd.DataFrame({"gene": made.genes, "symbol": [f"S{gene}" for gene in made.genes]})
    write_signatures(path, made, genes.sample(frac=1, random_state=0).iloc[1:])
    return path


def test_cmappy_reads_it(path, made):
    read = parse(str(path))
    np.testing.assert_array_equal(read.data_df.T.to_numpy(), made.profiles)
    assert read.data_df.index.tolist() == list(made.genes)
    about = read.col_metadata_df
    assert about["pert_id"].tolist() == made.table["drug"].tolist()
    assert about["batch"].tolist() == made.table["batch"].tolist()
    assert about["distil_nsample"].astype(int).tolist() == made.table["replicates"].tolist()
    for ours, theirs in {"p_value": "p_value", "acd": "acd", "dose": "pert_dose"}.items():
        np.testing.assert_allclose(about[theirs].astype(float), made.table[ours], equal_nan=True)
    assert "A:A375:b:0.04:24" in about.index
    assert "B:PC3:b:nan:nan" in about.index
    known = read.row_metadata_df["pr_gene_symbol"]
    assert (known == "S" + known.index).sum() == len(made.genes) - 1  # of one, nothing is known


def test_it_is_level_5_that_gives_the_same_signatures(path, made, tmp_path):
    write_embedded("sig_info", path, tmp_path / "sig_info.tsv")
    info = read_signatures(tmp_path / "sig_info.tsv")
    with Gctx(path) as matrix:
        [again] = import_signatures(matrix, info, made.genes)
    same = ["drug", "name", "cell", "dose", "time", "replicates", "acd", "p_value"]
    for column in same:
        ours, theirs = made.table[column], again.table[column]
        if column in ("drug", "name", "cell"):
            assert theirs.fillna("").tolist() == ours.fillna("").tolist()
        else:
            np.testing.assert_allclose(theirs.astype(float), ours.astype(float), equal_nan=True)
    np.testing.assert_allclose(again.profiles, made.profiles, atol=1e-7)


def test_it_is_written_in_blocks(tmp_path, monkeypatch):
    rows = [{"drug": f"d{n}", "cell": "1"} for n in range(10)]
    made = signatures(rows)
    monkeypatch.setattr(product, "SIGNATURES_AT_ONCE", 3)

    class Sliced:
        """Rows that note how many of them are ever read at once."""

        def __init__(self):
            self.asked = []

        def __len__(self):
            return len(made.profiles)

        def __getitem__(self, rows):
            found = made.profiles[rows]
            self.asked.append(len(found))
            return found

    genes = pd.DataFrame({"gene": made.genes, "symbol": made.genes})
    rows_of_file = Sliced()
    write_signatures(tmp_path / "a.gctx", replace(made, profiles=rows_of_file), genes)
    assert rows_of_file.asked == [3, 3, 3, 1]
    with Gctx(tmp_path / "a.gctx") as matrix:
        np.testing.assert_array_equal(matrix.read(made.genes, matrix.columns), made.profiles)


def test_why_there_is_no_p_value_is_said_where_it_is_known(tmp_path):
    made = signatures(
        [{"drug": "a", "cell": "1", "p_value": np.nan, "no_p_value": "no replicates"}]
    )
    genes = pd.DataFrame({"gene": made.genes, "symbol": made.genes})
    write_signatures(tmp_path / "a.gctx", made, genes)
    with Gctx(tmp_path / "a.gctx") as matrix:
        assert matrix.metadata("columns")["no_p_value"].tolist() == ["no replicates"]
