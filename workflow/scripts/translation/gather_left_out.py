"""Put the scores of all steps on studies left out into one table."""

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job

with job(snakemake):
    tables = pd.concat([read_table(path) for path in snakemake.input], ignore_index=True)
    write_table(tables.drop_duplicates(["step", "metric"]), snakemake.output[0])
