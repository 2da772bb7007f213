"""Make observations of the wells of a bulk screen."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.prepare_jobs import prepare_bulk

with log_script(snakemake.log[0]):
    params = snakemake.params
    prepare_bulk(params.screens, [], dict(snakemake.output.items()), centred=params.centred)
