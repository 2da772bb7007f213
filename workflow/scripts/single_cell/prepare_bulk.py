"""Make observations of the wells of a bulk screen."""

from lacuna.runtime.job import job
from lacuna.single_cell.prepare_jobs import prepare_bulk

with job(snakemake):
    params = snakemake.params
    prepare_bulk(params.screens, [], dict(snakemake.output.items()), centred=params.centred)
