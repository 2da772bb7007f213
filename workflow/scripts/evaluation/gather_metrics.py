"""Put the scores of all methods and tensor sizes into one table each, and compare the methods."""

import pandas as pd

from lacuna.evaluation.compare import compare_methods, lead_over_simple
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job


def read_all(paths: list[str]) -> pd.DataFrame:
    return pd.concat((pd.read_csv(path, sep="\t") for path in paths), ignore_index=True)


with job(snakemake):
    files = snakemake.input
    write_table(read_all(files.metrics), snakemake.output.metrics)
    write_table(read_all(files.folds), snakemake.output.folds)
    write_table(read_all(files.by_type), snakemake.output.by_type)
    write_table(compare_methods(read_all(files.draws)), snakemake.output.comparisons)
    draws = read_all([*files.draws, *files.controls])
    write_table(lead_over_simple(draws, snakemake.params.simple), snakemake.output.leads)
