"""Rank molecules for the test queries of one fold, by every method."""

from lacuna.retrieval.rank_jobs import rank_molecules
from lacuna.runtime.job import job

with job(snakemake):
    rank_molecules(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        fold=int(snakemake.wildcards.fold),
        **dict(snakemake.params.items()),
    )
