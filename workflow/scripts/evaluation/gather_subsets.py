"""Average all methods' scores on random subsets of the drugs over repeats."""

import pandas as pd

from lacuna.evaluation.drug_subsets import accuracy_by_drugs
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job

with job(snakemake):
    scores = pd.concat(map(read_table, snakemake.input), ignore_index=True)
    write_table(scores, snakemake.output.repeats)
    write_table(accuracy_by_drugs(scores), snakemake.output.subsets)
