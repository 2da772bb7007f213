"""Make signatures of ageing, tissue by tissue."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.ageing_jobs import age_tissues

with log_script(snakemake.log[0]):
    age_tissues(
        **snakemake.params,
        gene_list=snakemake.input.gene_list,
        output=dict(snakemake.output.items()),
    )
