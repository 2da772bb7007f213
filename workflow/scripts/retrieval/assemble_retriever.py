"""Write the model that ranks any library for any profile."""

from lacuna.retrieval.model_jobs import assemble_retriever
from lacuna.runtime.job import job

with job(snakemake):
    assemble_retriever(
        dict(snakemake.input.items()), snakemake.output[0], **dict(snakemake.params.items())
    )
