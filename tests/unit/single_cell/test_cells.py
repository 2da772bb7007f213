"""Bad files of cells are refused or counted by name; good ones keep all that they say."""

import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from cells_file import ASKED, ASPIRIN, COLUMNS, DRUGS, GENES, SALT, prepared, screen
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.genes import GeneTable
from lacuna.single_cell import cells
from lacuna.single_cell.doses import to_micromolar
from lacuna.single_cell.interface import CONTROL

HUMAN = GeneTable(pd.Series(GENES, [f"ENSG0000000000{n}" for n in range(len(GENES))]))


def left_out(tables):
    return {
        (row.what, row.name_, row.why): row.count_
        for row in tables[1].rename(columns={"name": "name_", "count": "count_"}).itertuples()
    }


def test_conditions_are_those_of_the_file(tmp_path):
    found, matrices, _ = prepared(tmp_path, screen())
    assert found.kind == "cells"
    treated = found.obs[~found.obs["control"]]
    assert set(treated["drug"]) == set(DRUGS)  # names stay whole: / and _ and , and %
    assert set(treated["dose"]) == {0.01, 10.0}  # nM to uM
    assert set(found.obs["line"]) == {"A549", "K_562"}
    assert (found.obs.loc[found.obs["control"], ["drug", "dose"]] == [CONTROL, 0.0]).all(axis=None)
    assert found.drugs.loc["Aspirin (A/B_1)", "smiles"] == ASPIRIN
    assert found.drugs.loc["amine", "pathway"] == "pathway amine"
    assert found.drugs["block"].tolist() == found.drugs["inchi_key"].str[:14].tolist()
    assert matrices["X"].shape == matrices["counts"].shape == (len(found.obs), len(GENES))


def test_counts_become_what_scanpy_makes_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "AT_ONCE", 13)  # the median is that of all cells, not of a block
    made = screen()
    _, matrices, _ = prepared(tmp_path, made)
    np.testing.assert_array_equal(matrices["counts"], made.X.toarray())
    sc.pp.normalize_total(made)
    sc.pp.log1p(made)
    np.testing.assert_allclose(matrices["X"], made.X.toarray(), rtol=1e-6)


def test_genes_without_a_symbol_count_in_what_a_cell_is_normalised_by(tmp_path):
    ids = [*HUMAN.ensembl.index[:4] + ".12", "ENSG00000099999"]
    made = screen(genes=ids)
    found, matrices, tables = prepared(tmp_path, made, genes=HUMAN)
    assert found.genes.tolist() == GENES[:4]
    assert left_out(tables)["genes", "", "no symbol (ensembl)"] == 1
    sc.pp.normalize_total(made)
    sc.pp.log1p(made)
    np.testing.assert_allclose(matrices["X"], made.X.toarray()[:, :4], rtol=1e-6)


def test_sparse_cells_stay_sparse_and_dense_ones_dense(tmp_path):
    for dense in (False, True):
        made = screen()
        made.X = made.X.toarray() if dense else made.X
        made.write_h5ad(tmp_path / "c.h5ad")
        block = next(cells.prepare(tmp_path / "c.h5ad", **ASKED).blocks)
        assert sparse.issparse(block["X"]) == sparse.issparse(block["counts"]) == (not dense)


def test_logarithms_stay_as_they_are_and_have_no_counts(tmp_path):
    made = screen()
    sc.pp.normalize_total(made)
    sc.pp.log1p(made)
    _, matrices, _ = prepared(tmp_path, made, scale="log1p")
    np.testing.assert_array_equal(matrices["X"], made.X.toarray())
    assert set(matrices) == {"X"}


def test_counts_may_lie_in_a_layer(tmp_path):
    made = screen()
    made.layers["raw_counts"] = made.X.copy()
    sc.pp.log1p(made)
    _, matrices, _ = prepared(tmp_path, made, layer="raw_counts")
    np.testing.assert_array_equal(matrices["counts"], made.layers["raw_counts"].toarray())
    with pytest.raises(LacunaError, match=r"no layer 'raw_count' \(did you mean 'raw_counts'"):
        prepared(tmp_path, made, layer="raw_count")


def test_two_names_of_one_structure_are_one_drug(tmp_path):
    drugs = DRUGS | {"aspirin sodium": SALT}
    made = screen(drugs=drugs)
    few = (made.obs["product_name"] == "aspirin sodium") & (made.obs["dose"] == 10)
    found, _, tables = prepared(tmp_path, made[~few].copy())
    assert set(found.drugs.index) == set(DRUGS)  # the name of most cells
    assert (found.obs["drug"] == "Aspirin (A/B_1)").sum() == 4 * 8 + 2 * 8
    said = left_out(tables)
    assert said["name", "aspirin sodium", "the same structure as Aspirin (A/B_1)"] == 16


def test_one_name_of_two_structures_is_two_drugs(tmp_path):
    made = screen()
    other = (made.obs["product_name"] == "amine") & (made.obs["cell_type"] == "A549")
    made.obs.loc[other, "SMILES"] = "CCCCN"
    found, _, _ = prepared(tmp_path, made)
    named = [name for name in found.drugs.index if name.startswith("amine")]
    assert len(named) == 2
    assert {len(name) for name in named} == {len("amine"), len("amine") + 30}  # an InChIKey behind


@pytest.mark.parametrize(
    ("smiles", "why"),
    [
        (np.nan, "missing"),
        ("C1CC", "SMILES that cannot be read"),
        ("-666", "missing"),
        ("restricted", "restricted"),
        ("CC*", "an atom that is no element"),
    ],
)
def test_a_drug_without_a_structure_is_named_and_left_out(tmp_path, smiles, why):
    made = screen()
    made.obs.loc[made.obs["product_name"] == "amine", "SMILES"] = smiles
    found, _, tables = prepared(tmp_path, made)
    assert "amine" not in found.drugs.index
    assert not (found.obs["drug"] == "amine").any()
    assert left_out(tables)["drug", "amine", why] == 32


def test_a_table_gives_structures_that_obs_lacks(tmp_path):
    made = screen()
    structures = pd.Series({"AMINE": "CCN", **DRUGS, "nobody": "CC"}).drop("amine")
    columns = {name: column for name, column in COLUMNS.items() if name != "smiles"}
    found, _, _ = prepared(tmp_path, made, columns=columns, structures=structures)
    assert found.drugs.loc["amine", "smiles"] == "CCN"  # whatever the case
    assert "nobody" not in found.drugs.index


def test_drugs_of_unknown_structure_are_what_they_are_called(tmp_path):
    columns = {name: column for name, column in COLUMNS.items() if name != "smiles"}
    found, _, _ = prepared(tmp_path, screen(), columns=columns)
    names = set(screen().obs["product_name"][~screen().obs["vehicle"].astype(bool)])
    assert set(found.drugs.index) == names
    assert (found.drugs["smiles"] == "").all()
    assert found.drugs["block"].tolist() == found.drugs.index.tolist()  # a group for each


def test_rare_conditions_are_counted_and_left_out(tmp_path):
    made = screen()
    here = (made.obs["product_name"] == "amine") & (made.obs["dose"] == 10)
    here &= made.obs["cell_type"] == "A549"
    drop = made.obs_names[here][:3]  # 5 are left: not more than 5
    found, _, tables = prepared(tmp_path, made[~made.obs_names.isin(drop)].copy())
    obs = found.obs
    assert not ((obs["drug"] == "amine") & (obs["line"] == "A549") & (obs["dose"] < 1)).any()
    why = "drug, line and dose with at most 5 observations"
    assert left_out(tables)["observations", "", why] == 5
    assert left_out(tables)["conditions", "", why] == 1


def test_a_line_without_controls_is_named_and_kept(tmp_path):
    made = screen()
    kept = ~((made.obs["cell_type"] == "K_562") & made.obs["vehicle"].astype(bool))
    found, _, tables = prepared(tmp_path, made[kept].copy())
    assert (found.obs["line"] == "K_562").sum() == 48
    assert tables[1].set_index("what").loc["line", "name"] == "K_562"


def test_cells_and_genes_that_stand_twice_are_made_unique_and_counted(tmp_path):
    made = screen(genes=["TP53", "EGFR", "TP53", "ACTB", "MYC"])
    counts = made.X.toarray()
    larger = 0 if counts[:, 0].sum() >= counts[:, 2].sum() else 2
    made.obs_names = ["same", "same", *made.obs_names[2:]]
    found, matrices, tables = prepared(tmp_path, made)
    assert found.obs.index.is_unique
    assert sorted(found.genes) == ["ACTB", "EGFR", "MYC", "TP53"]
    place = found.genes.get_loc("TP53")
    np.testing.assert_array_equal(matrices["counts"][:, place], counts[:, larger])
    said = left_out(tables)
    assert said["genes", "", "a symbol that stands twice: the gene of fewer counts"] == 1
    assert said["names", "", "stood twice, made unique"] == 1


def test_a_cell_without_counts_is_left_out(tmp_path):
    made = screen()
    rows = made.X.tolil()
    rows[0] = 0
    made.X = rows.tocsr()
    found, _, tables = prepared(tmp_path, made)
    assert "cell0" not in found.obs.index
    assert left_out(tables)["observations", "", "no count in any gene"] == 1


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
