"""Write a simulated screen whose structures carry what drugs do."""

from pathlib import Path

from lacuna.runtime.job import job
from lacuna.simulation.write_retrieval import write_retrieval_world

with job(snakemake):
    write_retrieval_world(Path(snakemake.output[0]).parent, **dict(snakemake.params.items()))
