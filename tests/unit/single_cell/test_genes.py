"""Shared genes stand first, in the order of the bulk screen; the others are scanpy's."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from scipy import sparse
from target import drug_table, signatures, target

from lacuna.errors import LacunaError
from lacuna.single_cell.genes import choose_genes
from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.observations import InMemory


def cells(genes=300, rows=400, seed=0):
    """Cells whose genes differ in mean and in how much they vary beyond counting."""
    rng = np.random.default_rng(seed)
    mean, spread = rng.gamma(1, 2, genes), rng.choice([0.1, 3], genes)
    counts = rng.poisson(rng.gamma(1 / spread, spread * mean, (rows, genes))).astype(np.float32)
    obs = pd.DataFrame(
        {"drug": CONTROL, "line": "A", "dose": 0.0, "control": True}, map(str, range(rows))
    )
    names = pd.Index([f"G{number}" for number in range(genes)], dtype=object)
    matrix = sparse.csr_matrix(np.log1p(counts))
    return InMemory("cells", obs, drug_table(["B"]), names, matrix)


def test_the_others_are_the_top_of_scanpy_s_until_the_total_is_reached():
    made = cells()
    bulk = pd.Index(["G7", "not measured", "G250", "G3", "G100"], dtype=object)
    genes, shared = choose_genes(made, np.arange(400), bulk, 60)
    assert shared == 4
    assert genes[:4].tolist() == ["G7", "G250", "G3", "G100"]
    assert len(genes) == len(set(genes)) == 60
    # As published: the smallest number of top genes of which, with those shared, there are 60.
    table = anndata.AnnData(sparse.csr_matrix(made.rows(np.arange(400))))
    table.var_names = made.genes
    for top in range(56, 61):
        found = sc.pp.highly_variable_genes(table, n_top_genes=top, flavor="seurat", inplace=False)
        union = set(made.genes[found["highly_variable"].to_numpy()]) | set(genes[:4])
        if len(union) == 60:
            break
    assert set(genes) == union
    others = genes[4:]
    assert (np.diff(made.genes.get_indexer(others)) > 0).all()  # in the order of the target


def test_only_the_observations_that_are_given_choose():
    made = cells()
    rows = made.rows(np.arange(400))
    rows[200:, 5] = np.where(np.arange(200) % 40, 0, 4)  # varies in the second half alone
    made = InMemory("cells", made.obs, made.drugs, made.genes, sparse.csr_matrix(rows))
    assert "G5" not in choose_genes(made, np.arange(200), None, 20)[0]
    assert "G5" in choose_genes(made, np.arange(400), None, 20)[0]


@pytest.mark.parametrize("total", [0, 2, 3])
def test_no_more_than_are_shared_is_those_alone(total):
    bulk = pd.Index(["G3", "G1", "G2"], dtype=object)
    genes, shared = choose_genes(cells(), np.arange(400), bulk, total)
    assert (genes.tolist(), shared) == (["G3", "G1", "G2"], 3)


def test_all_genes_where_there_are_fewer_than_asked():
    made = target()
    genes, shared = choose_genes(made, np.arange(50), pd.Index(["G5"]), 2000)
    assert (len(genes), shared, genes[0]) == (len(made.genes), 1, "G5")


def test_of_signatures_the_variance_chooses():
    made = signatures()
    rows = made.rows(np.arange(20))
    genes, shared = choose_genes(made, np.arange(20), None, 7)
    assert shared == 0
    assert set(genes) == set(made.genes[np.argsort(rows.var(axis=0))[-7:]])


def test_no_gene_at_all_is_refused():
    with pytest.raises(LacunaError, match="shares none with the bulk screen"):
        choose_genes(target(), np.arange(9), pd.Index(["ENSG1"]), 0)
