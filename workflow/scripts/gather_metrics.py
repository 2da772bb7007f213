"""Put the scores of all methods and tensor sizes into one table each."""

import pandas as pd

from lacuna.files import write_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    for inputs, output in [
        (snakemake.input.metrics, snakemake.output.metrics),
        (snakemake.input.folds, snakemake.output.folds),
    ]:
        tables = [pd.read_csv(path, sep="\t") for path in inputs]
        write_table(pd.concat(tables), output)
