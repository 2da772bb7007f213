"""Put all methods' scores at each density into one table, and average them over repeats."""

import pandas as pd

from lacuna.evaluation.density import accuracy_by_density
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job

with job(snakemake):
    scores = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input)
    write_table(scores, snakemake.output.repeats)
    write_table(accuracy_by_density(scores), snakemake.output.density)
