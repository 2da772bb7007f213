"""Translate all wells of a series."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.jobs import translate_series

with log_script(snakemake.log[0]):
    files = snakemake.input
    translate_series(
        files.model, files.matrix, files.gene_info, files.inst_info, snakemake.output[0]
    )
