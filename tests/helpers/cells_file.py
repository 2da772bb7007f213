"""A small file of single cells in sci-Plex3's layout, and what is asked of its preparation."""

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.io.genes import GeneTable
from lacuna.single_cell.cells import prepare

ASPIRIN, CAFFEINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
SALT = "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"  # of aspirin
TAILED = "C[C@H](N)C1=CC=CC=C1 |r,c:3,5|"  # with ChemAxon's tail
DRUGS = {"Aspirin (A/B_1)": ASPIRIN, "caffeine, 99 %": CAFFEINE, "amine": TAILED}
COLUMNS = {
    "drug": "product_name",
    "line": "cell_type",
    "dose": "dose",
    "control": "vehicle",
    "smiles": "SMILES",
    "pathway": "pathway",
}
ASKED = {
    "columns": COLUMNS,
    "control": "Vehicle",
    "unit": "nM",
    "scale": "counts",
    "layer": None,
    "structures": None,
    "genes": GeneTable(),
}
GENES = ["TP53", "EGFR", "C1orf112", "ACTB", "MYC"]


def screen(cells_each=8, seed=0, genes=GENES, drugs=DRUGS):
    """Return cells: 2 lines with controls, 2 doses in nM; counts, as sparse as cells are."""
    rng = np.random.default_rng(seed)
    rows = [
        (name, line, dose, False, smiles, "pathway " + name)
        for line in ("A549", "K_562")
        for name, smiles in drugs.items()
        for dose in (10, 10_000)
    ]
    rows += [("Vehicle", line, 0, True, np.nan, "Vehicle") for line in ("A549", "K_562")]
    columns = ["product_name", "cell_type", "dose", "vehicle", "SMILES", "pathway"]
    obs = pd.DataFrame(rows, columns=columns).loc[np.repeat(range(len(rows)), cells_each)]
    obs.index = [f"cell{number}" for number in range(len(obs))]
    counts = rng.poisson(rng.uniform(0.5, 4, len(genes)), (len(obs), len(genes)))
    counts[:, 0] += 1  # no cell is empty
    made = anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs)
    made.var_names = list(genes)
    return made


def prepared(folder, made, **changes):
    """Write cells and prepare them; return what was prepared, its matrices, and its tables."""
    made.write_h5ad(folder / "cells.h5ad")
    found = prepare(folder / "cells.h5ad", **ASKED | changes)
    blocks = list(found.blocks)
    matrices = {
        name: np.concatenate([np.asarray(sparse.csr_matrix(b[name]).todense()) for b in blocks])
        for name in blocks[0]
    }
    return found, matrices, found.account.tables()


HUMAN = GeneTable(pd.Series(GENES, [f"ENSG0000000000{n}" for n in range(len(GENES))]))


def left_out(tables):
    return {
        (row.what, row.name_, row.why): row.count_
        for row in tables[1].rename(columns={"name": "name_", "count": "count_"}).itertuples()
    }
