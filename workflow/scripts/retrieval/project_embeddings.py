"""Lay molecules and profiles out in two dimensions."""

from lacuna.retrieval.map_jobs import project_embeddings
from lacuna.runtime.job import job

with job(snakemake):
    project_embeddings(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        **dict(snakemake.params.items()),
    )
