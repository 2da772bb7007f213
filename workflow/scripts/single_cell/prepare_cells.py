"""Make observations of single cells, or of signatures."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.prepare_jobs import prepare_cells

with log_script(snakemake.log[0]):
    files = dict(snakemake.input.items())
    genes = files.pop("genes", None)
    prepare_cells(files, snakemake.params.described, genes, dict(snakemake.output.items()))
