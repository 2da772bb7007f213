"""Make observations of single cells, or of signatures."""

from lacuna.runtime.job import job
from lacuna.single_cell.prepare_jobs import prepare_cells

with job(snakemake):
    files = dict(snakemake.input.items())
    genes = files.pop("genes", None)
    prepare_cells(files, snakemake.params.described, genes, dict(snakemake.output.items()))
