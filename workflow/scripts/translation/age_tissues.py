"""Make signatures of ageing, tissue by tissue."""

from lacuna.runtime.job import job
from lacuna.translation.ageing_jobs import age_tissues

with job(snakemake):
    age_tissues(
        **snakemake.params,
        gene_list=snakemake.input.gene_list,
        output=dict(snakemake.output.items()),
    )
