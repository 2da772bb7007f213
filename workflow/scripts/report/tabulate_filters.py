"""Write the page of what became of wells, signatures and held-out profiles."""

import pandas as pd

from lacuna.evaluation.splits import count_folds
from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.tensor.tables import MOST_CELLS, filter_table

with job(snakemake):
    wells = {
        f"Input of {series}": pd.read_csv(path, sep="\t", dtype=str).fillna("")
        for series, path in zip(snakemake.params.series, snakemake.input.wells, strict=True)
    }
    tables = {
        f"Small tables of {series}": read_table(path).fillna("")
        for series, path in zip(snakemake.params.series, snakemake.input.tables, strict=True)
    }
    folds = {
        f"Held out from the {size} tensor": count_folds(pd.read_csv(path, sep="\t"))
        for size, path in zip(snakemake.params.sizes, snakemake.input.folds, strict=True)
    }
    genes = read_table(snakemake.input.genes)
    lacking = {"Genes that some series lack": genes} if len(genes) else {}
    cells = read_table(snakemake.input.cells).fillna("")
    steps = filter_table(pd.read_csv(snakemake.input.filters, sep="\t"))
    write_page(
        snakemake.output[0],
        f"From {snakemake.params.start} to profiles: {snakemake.params.data}",
        [],
        [
            *tables.items(),
            *wells.items(),
            *lacking.items(),
            ("Filters, in this order", steps),
            *folds.items(),
            ("Table 1: drugs with a profile in each cell line", cells.head(MOST_CELLS)),
        ],
    )
