"""Make vectors of molecules."""

from lacuna.retrieval.encode_jobs import encode_molecules
from lacuna.runtime.job import job

with job(snakemake):
    encode_molecules(
        snakemake.input[0],
        snakemake.output[0],
        snakemake.wildcards.encoder,
        snakemake.params.options,
        snakemake.params.cache,
    )
