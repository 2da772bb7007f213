"""Write the page of scores."""

from lacuna.retrieval.tables import tabulate_retrieval

from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    tabulate_retrieval(dict(snakemake.input.items()), snakemake.output[0], snakemake.params.data)
