"""Put the scores of all steps on studies left out into one table."""

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    tables = pd.concat([read_table(path) for path in snakemake.input], ignore_index=True)
    write_table(tables.drop_duplicates(["step", "metric"]), snakemake.output[0])
