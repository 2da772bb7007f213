"""Average what each setting of the analyses scores, with intervals over drugs."""

import pandas as pd

from lacuna.cell_to_cell.variations import summarise
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator

with job(snakemake):
    tables = [
        summarise(analysis, read_table(path), generator(snakemake.params.seed, "variations"))
        for analysis, path in zip(snakemake.params.analyses, snakemake.input, strict=True)
    ]
    write_table(pd.concat(tables), snakemake.output[0])
