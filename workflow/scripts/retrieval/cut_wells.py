"""Choose wells, know their structures, and draw the split."""

from lacuna.retrieval.run import cut_wells
from lacuna.runtime.job import job

with job(snakemake):
    cut_wells(output=dict(snakemake.output.items()), **dict(snakemake.params.items()))
