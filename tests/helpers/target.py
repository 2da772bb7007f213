"""Small targets in memory: drugs that change known genes in known lines."""

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.observations import InMemory

GENES = 40


def drug_table(groups, scaffolds=None):
    """Return drugs d0, d1, ... whose first blocks are named by `groups`."""
    names = [f"d{number}" for number in range(len(groups))]
    keys = [f"{group}-{number}" for number, group in enumerate(groups)]
    table = {"smiles": keys, "inchi_key": keys, "block": list(groups)}
    table |= {"scaffold": scaffolds or list(groups), "pathway": ""}
    return pd.DataFrame(table, index=pd.Index(names, name="drug"), dtype=object)


def target(
    drugs=12,
    lines=("A", "B"),
    doses=(0.1, 10.0),
    each=12,
    controls=40,
    genes=GENES,
    seed=0,
    kind="cells",
    groups=None,
    effect=3.0,
):
    """Return observations; drug number k raises gene k in line A and lowers gene k + 20 in others.

    The effect grows with the dose. Each line has a level of its own in each gene.
    """
    rng = np.random.default_rng(seed)
    table = drug_table(groups or [f"B{number}" for number in range(drugs)])
    rows = [
        (name, line, dose, False)
        for name in table.index
        for line in lines
        for dose in doses
        for _ in range(each)
    ]
    rows += [(CONTROL, line, 0.0, True) for line in lines for _ in range(controls)]
    obs = pd.DataFrame(rows, columns=["drug", "line", "dose", "control"])
    obs.index = [f"o{number}" for number in range(len(obs))]
    level = rng.uniform(1, 4, (len(lines), genes))
    line = obs["line"].map({name: number for number, name in enumerate(lines)}).to_numpy()
    values = level[line] + rng.normal(0, 0.3, (len(obs), genes))
    for number, name in enumerate(table.index):
        for place in range(len(lines)):
            here = (obs["drug"] == name).to_numpy() & (line == place)
            size = effect * obs["dose"].to_numpy()[here] / max(doses)
            gene, sign = (number, 1) if place == 0 else (number + 20, -1)
            values[here, gene % genes] += sign * size
    if kind == "cells":
        values = np.maximum(values, 0)
        values[rng.random(values.shape) < 0.05] = 0
    matrix = values.astype(np.float32)
    names = pd.Index([f"G{number}" for number in range(genes)], dtype=object)
    return InMemory(
        kind, obs, table, names, sparse.csr_matrix(matrix) if kind == "cells" else matrix
    )


def signatures(drugs=12, lines=("A", "B", "C"), genes=GENES, seed=0):
    """Return one signature for each drug and line: no controls, dose 1."""
    made = target(drugs, lines, (1.0,), 1, 0, genes, seed, "signatures")
    values = made.rows(np.arange(len(made.obs)))
    return InMemory("signatures", made.obs, made.drugs, made.genes, values - values.mean(axis=0))
