"""Put the scores of all methods and tensor sizes into one table each, and compare the methods."""

import pandas as pd

from lacuna.evaluation.compare import compare_methods
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script


def read_all(paths: list[str]) -> pd.DataFrame:
    return pd.concat((pd.read_csv(path, sep="\t") for path in paths), ignore_index=True)


with log_script(snakemake.log[0]):
    write_table(read_all(snakemake.input.metrics), snakemake.output.metrics)
    write_table(read_all(snakemake.input.folds), snakemake.output.folds)
    draws = read_all(snakemake.input.draws)
    write_table(compare_methods(draws), snakemake.output.comparisons)
