"""Writes the simulated bulk screen and single cells as published files, and what is known beside.

The bulk screen is laid out as GEO's, the cells as sci-Plex: counts, and obs with product_name, dose
(nanomolar), cell_type, vehicle, SMILES, pathway, replicate and culture_plate.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.tsv import write_table
from lacuna.simulation.parameters import GENES, SINGLE_CELL_FILES
from lacuna.simulation.single_cell import DOSES, SingleCellWorld, simulate_single_cell
from lacuna.simulation.write_retrieval import gene_info, pert_info

LARGE_LIBRARY = 250.0  # counts of a cell in 2,000 genes: nine of ten are zero, as published
LARGE_DRUGS = 188
LARGE_BULK = 200  # drugs of a bulk screen that is not written


def write_single_cell_world(folder: str | Path, *, seed: int, **options: Any) -> None:
    """Write the files of `SINGLE_CELL_FILES`; the same arguments give the same bytes.

    Parameters
    ----------
    folder
        Where to write.
    seed
        The run's seed.
    **options
        Of `simulate_single_cell`.

    Raises
    ------
    LacunaError
        If these are fewer drugs or cells, or more mechanisms, than can be simulated.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    world = simulate_single_cell(seed=seed, **options)
    at = {kind: Path(folder) / name for kind, name in SINGLE_CELL_FILES.items()}
    genes = gene_info()
    write_table(world.wells, at["inst_info"])
    write_table(pert_info(world.drugs[world.drugs["in_bulk"]]), at["pert_info"])
    write_table(genes, at["gene_info"])
    write_table(
        world.biology.cells[["cell_id", "lineage"]].rename(columns={"lineage": "primary_site"}),
        at["cell_info"],
    )
    write_gctx(
        at["level3"],
        world.level3,
        pd.DataFrame(index=genes["pr_gene_id"]),
        pd.DataFrame(index=world.wells["inst_id"]),
    )
    write_cells(world, at["cells"])
    _write_truth(world, at["truth"])


def write_cells(world: SingleCellWorld, path: str | Path) -> None:
    """Write the counts of the cells to an h5ad, some cells at a time.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    var = world.genes.set_index("ensembl")[["symbol"]].rename(columns={"symbol": "gene_short_name"})
    var.index.name = None
    about = {"about": "simulated by Lacuna", "unit": "counts"}
    write_h5ad(path, world.counts(), world.describe_cells(), var, about)


def write_large(
    path: str | Path,
    *,
    cells: int = 581_776,
    genes: int = 2000,
    drugs: int = LARGE_DRUGS,
    seed: int = 1,
) -> None:
    """Write cells of the size of the published sci-Plex, of which no more than a block is held.

    Parameters
    ----------
    path
        The h5ad.
    cells, genes
        Its size; 977 of the genes are landmarks. The last 2 % of the cells, and what a number of
        equal conditions leaves, are vehicle cells.
    drugs
        How many; one goes by two names.
    seed
        The start of the random streams.

    Raises
    ------
    LacunaError
        If the cells or genes are too few.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    lines, few = 3, 3
    conditions = lines * len(DOSES) * (drugs + 1)
    each = int(0.98 * cells) // conditions
    if each <= few or genes < GENES:
        raise LacunaError(
            f"a large h5ad of {cells} cells and {genes} genes; expected at least "
            f"{-(-(few + 1) * conditions * 100 // 98)} cells for {drugs} drugs, and {GENES} genes."
        )
    world = simulate_single_cell(
        seed=seed,
        drugs=max(LARGE_BULK, drugs + 10),
        cells=lines,
        drugs_in_cells=drugs,
        only_in_cells=0,
        cells_per_condition=each,
        vehicle_cells=cells - (each * conditions - (each - few)),
        other_genes=genes - GENES + 1,
        library=LARGE_LIBRARY,
    )
    write_cells(world, path)


def _write_truth(world: SingleCellWorld, path: Path) -> None:
    """Write what is planted.

    Arrays are called as the attributes of `SingleCellWorld` and `CellModel`; log2_fold_change is of
    shape (lines, products, doses, genes), bulk_log2_change (drugs, lines, landmarks) at 10
    micromolar and 24 hours.
    """
    named = np.append(world.products["product_name"], "Vehicle")
    cells = world.cells.assign(product_name=named[world.cells["product"]])
    hdf5.save(
        path,
        {
            "drugs": world.drugs,
            "products": world.products,
            "mechanisms": world.mechanisms,
            "lines": world.biology.cells,
            "genes": world.genes,
            "doses": np.array(world.doses),
            "cells": cells,
            "log2_fold_change": world.log2_fold_change(),
            "bulk_log2_change": world.bulk_log2_change(),
            "rate": world.model.rate,
            "dispersion": world.model.dispersion,
            "cycle": world.model.cycle,
            "plates": world.model.plates,
        },
    )
