"""Bad files of cells are refused or counted by name; good ones keep all that they say."""

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from cells_file import (
    ASKED,
    ASPIRIN,
    COLUMNS,
    DRUGS,
    GENES,
    HUMAN,
    SALT,
    left_out,
    prepared,
    screen,
)
from scipy import sparse

from lacuna.errors import LacunaError
from lacuna.single_cell import cells
from lacuna.single_cell.interface import CONTROL


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
