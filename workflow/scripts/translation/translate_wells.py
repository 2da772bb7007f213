"""Translate all wells of a series."""

from lacuna.runtime.job import job
from lacuna.translation.jobs import translate_series

with job(snakemake):
    files = snakemake.input
    translate_series(
        files.model, files.matrix, files.gene_info, files.inst_info, snakemake.output[0]
    )
