"""What is wrong with a file of cells is refused or counted by name; real files are read."""

import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from cells_file import ASKED, COLUMNS, HUMAN, left_out, prepared, screen
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.genes import GeneTable
from lacuna.io.quantities import to_micromolar
from lacuna.single_cell import cells
from lacuna.single_cell.interface import CONTROL


def change_value(value):
    def change(made):
        rows = made.X.toarray()
        rows[17, 2] = value
        made.X = sparse.csr_matrix(rows)

    return change


def write_over(made, column, value, first=3):
    made.obs[column] = made.obs[column].astype(object if isinstance(value, str) else float)
    made.obs.iloc[:first, list(made.obs).index(column)] = value
    if isinstance(value, str):
        made.obs[column] = made.obs[column].astype(str)  # h5ad keeps no mixture


def change_obs(column, value, first=3):
    def change(made):
        write_over(made, column, value, first)

    return change


def name_genes(names):
    def change(made):
        made.var_names = names

    return change


NEVER = {
    "a fraction among counts": (change_value(0.5), {}, r"cell 'cell17', gene 'C1orf112' is 0\.5"),
    "a negative count": (change_value(-1), {}, "nothing is negative"),
    "NaN": (change_value(np.nan), {}, "expected finite numbers"),
    "counts said to be logarithms": (lambda made: None, {"scale": "log1p"}, "look like counts"),
    "one count among logarithms": (
        lambda made: (sc.pp.log1p(made), change_value(31.5)(made)),
        {"scale": "log1p"},
        "never above 30",
    ),
    "logarithms said to be counts": (sc.pp.log1p, {}, "look like logarithms"),
    "nothing but 0": (
        lambda made: setattr(made, "X", made.X * 0),
        {"scale": "log1p"},
        "all values are 0",
    ),
    "another scale": (lambda made: None, {"scale": "tpm"}, "scale 'tpm' is not known"),
    "a column that is not there": (
        lambda made: None,
        {"columns": COLUMNS | {"drug": "product_nam"}},
        r"no column 'product_nam' \(columns: drug\) \(did you mean 'product_name'",
    ),
    "no column of lines": (
        lambda made: None,
        {"columns": {"drug": "product_name", "smiles": "SMILES"}},
        "'line' must be named",
    ),
    "a word for a truth value": (change_obs("vehicle", "maybe"), {}, "'maybe'; expected true"),
    "a control said to be treated": (
        change_obs("product_name", "Vehicle"),
        {},
        "3 cells are of the control 'Vehicle'",
    ),
    "no such control": (
        lambda made: None,
        {"columns": COLUMNS | {"control": None}, "control": "vehicle"},
        r"no cell is of the control 'vehicle' \(did you mean 'Vehicle'",
    ),
    "a drug called control": (
        lambda made: setattr(made, "obs", made.obs.replace("amine", CONTROL)),
        {},
        "called 'control'",
    ),
    "a negative dose": (change_obs("dose", -6.0), {}, "'-6.0' is negative; .* not its logarithm"),
    "a dose in words": (change_obs("dose", "high"), {}, "'high' is no dose"),
    "a dose in an unknown unit": (change_obs("dose", "3 mg"), {}, "doses are in 'mg'"),
    "a bare number without a unit": (lambda made: None, {"unit": None}, "has no unit"),
    "shares of a dose": (
        lambda made: made.obs.insert(0, "dose_val", made.obs["dose"] / 1e4),
        {"columns": COLUMNS | {"dose": "dose_val"}, "unit": "uM"},
        "shares of the highest dose",
    ),
    "Ensembl ids of mice": (
        name_genes([f"ENSMUSG0000000000{n}" for n in range(5)]),
        {"genes": HUMAN},
        "not of human",
    ),
    "symbols of mice": (
        name_genes(["Trp53", "Egfr", "Brca1", "Actb", "Myc"]),
        {},
        "symbols of mice",
    ),
    "symbols of mice, with a table": (
        name_genes(["Trp53", "Egfr", "Brca1", "Actb", "Myc"]),
        {"genes": HUMAN},
        r"0\.0% of its 5 genes .* another species",
    ),
    "Ensembl ids without a table": (
        name_genes([f"ENSG0000000000{n}" for n in range(5)]),
        {},
        "acquire: genes",
    ),
    "nothing but controls": (
        lambda made: made.obs.__setitem__("vehicle", True),
        {},
        "no treated observation is left",
    ),
    "no structure at all": (
        lambda made: made.obs.__setitem__("SMILES", ["none"] * len(made)),
        {},
        r"no treated observation is left by the step 'of drugs with a structure .*missing",
    ),
    "no control of enough cells": (
        lambda made: made.obs.__setitem__("vehicle", np.arange(len(made)) >= len(made) - 5),
        {"control": None},
        "no control is left",
    ),
}


@pytest.mark.parametrize("fault", NEVER)
@pytest.mark.fault("a file of cells is not what was declared", "it is refused, the fault named")
def test_what_is_not_as_declared_is_refused(tmp_path, fault):
    change, asked, said = NEVER[fault]
    made = screen()
    change(made)
    with pytest.raises(LacunaError, match=said) as raised:
        prepared(tmp_path, made, **asked)
    assert "cells.h5ad" in str(raised.value)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("dose", np.nan, "no dose"),
        ("dose", -666, "no dose"),
        ("dose", 0, "dose 0 of a drug"),
        ("product_name", "", "no drug in 'product_name'"),
        ("cell_type", "", "no line in 'cell_type'"),
    ],
)
def test_cells_of_which_too_little_is_known_are_counted_and_left_out(tmp_path, column, value, why):
    made = screen(cells_each=20)
    write_over(made, column, value, 8)  # enough for a condition of their own
    found, _, tables = prepared(tmp_path, made)
    assert not set(made.obs_names[:8]) & set(found.obs.index)
    assert len(found.obs) == len(made) - 8
    assert left_out(tables)["observations", "", why] == 8


def test_columns_that_are_not_named_are_not_needed(tmp_path):
    made = screen()
    columns = {"drug": "product_name", "line": "cell_type", "smiles": "SMILES", "dose": None}
    found, _, _ = prepared(tmp_path, made, columns=columns, unit=None)
    assert set(found.obs["dose"]) == {0.0, 1.0}
    assert found.obs["control"].sum() == 16
    assert (found.drugs["pathway"] == "").all()


@given(
    doses=st.lists(
        st.tuples(
            st.floats(1e-4, 1e4),
            st.sampled_from(["nM", "uM", "µM", " um", "NM", "mM", "pM"]),
        ),
        min_size=1,
    )
)
def test_doses_of_mixed_units_are_one_in_micromolar(doses):
    texts = pd.Series([f"{number!r} {unit}" for number, unit in doses])
    factor = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "mm": 1e3, "pm": 1e-6}
    expected = [number * factor[unit.strip().lower()] for number, unit in doses]
    np.testing.assert_allclose(to_micromolar(texts, "mM", "f"), expected, rtol=5e-3)


def test_a_unit_may_be_a_multiple():
    shares = pd.Series([0.001, 0.1, 1.0])
    assert to_micromolar(shares, "10 uM", "f").tolist() == [0.01, 1.0, 10.0]


@pytest.mark.fault("a file of cells is cut short", "it is named as damaged")
def test_a_file_that_is_cut_short_is_damaged(tmp_path):
    screen().write_h5ad(tmp_path / "c.h5ad")
    data = (tmp_path / "c.h5ad").read_bytes()
    (tmp_path / "c.h5ad").write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedFile, match=r"c\.h5ad"):
        cells.prepare(tmp_path / "c.h5ad", **ASKED)


def test_a_matrix_by_columns_is_refused(tmp_path):
    made = screen()
    made.X = made.X.tocsc()
    with pytest.raises(LacunaError, match="laid out as csc_matrix"):
        prepared(tmp_path, made)


TAIL = " |c:1,17,20,24,26,t:7,9|"  # as the supplement of sci-Plex3 has it
PANOBINOSTAT = pd.Series(
    {"panobinostat": "CC1=C(CCNCC2=CC=C(\\C=C\\C(=O)NO)C=C2)C2=C(N1)C=CC=C2" + TAIL}
)


def test_glioblastoma_has_versions_and_repeated_names(shared_data):
    path = shared_data / "single-cell" / "glioblastoma-panobinostat" / "zhao2021_5000x300.h5ad"
    found = cells.prepare(
        path,
        **ASKED
        | {
            "columns": {"drug": "condition", "line": "patient_id"},
            "control": "ctrl",
            "unit": None,
            "structures": PANOBINOSTAT,
            "genes": GeneTable.read(shared_data / "genes" / "human_genes.tsv.gz"),
        },
    )
    assert len(found.obs) == 5000
    assert found.obs.index.is_unique
    assert len(found.genes) == 289
    assert {"SPP1", "FTH1"} <= set(found.genes)
    assert found.drugs.index.tolist() == ["panobinostat"]
    said = left_out(found.account.tables())
    assert said == {
        ("genes", "", "no symbol (ensembl)"): 11,
        ("names", "", "stood twice, made unique"): 2,
    }


def test_kang_is_normalised_and_refuses_counts(shared_data):
    path = shared_data / "single-cell" / "kang-ifnb" / "valid.h5ad"
    asked = ASKED | {
        "columns": {"drug": "condition", "line": "cell_type"},
        "control": "control",
        "structures": pd.Series({"stimulated": "CCO"}),  # a protein: any structure will do here
        "genes": GeneTable.read(shared_data / "genes" / "human_genes.tsv.gz"),
    }
    with pytest.raises(LacunaError, match=r"gene 'CSTB' is 0\.895991 .*scale: log1p"):
        cells.prepare(path, **asked)
    found = cells.prepare(path, **asked | {"scale": "log1p"})
    assert len(found.obs) == 1975
    assert found.obs["line"].nunique() == 7
    block = next(found.blocks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the layout is old
        read = anndata.read_h5ad(path)
    assert set(block) == {"X"}
    assert abs(block["X"] - read.X[:, read.var_names.get_indexer(found.genes)]).max() == 0
