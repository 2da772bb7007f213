"""Choose genes and samples for a translation, and normalise them."""

from lacuna.runtime.job import job
from lacuna.translation.run import prepare

with job(snakemake):
    prepare(**snakemake.params, output=dict(snakemake.output.items()))
