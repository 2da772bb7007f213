"""Train step 2 on the samples of each unit, and compare."""

from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.translation.judge_jobs import read_paired_if_given
from lacuna.translation.units import compare_units

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    paired = read_paired_if_given(files.get("pairs"), files.rnaseq, files.matrix, files.gene_info)
    table = compare_units(files.l1000, files.rnaseq, params.units, paired, params.seed)
    write_table(table, snakemake.output[0])
