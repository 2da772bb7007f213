"""Train a network that brings profiles and molecules into one space."""

from pathlib import Path
from shutil import rmtree

from lacuna.retrieval.align_jobs import align
from lacuna.runtime.job import job

with job(snakemake):
    files, params = dict(snakemake.input.items()), dict(snakemake.params.items())
    align(
        files,
        dict(snakemake.output.items()),
        name=snakemake.wildcards.alignment,
        fold=int(snakemake.wildcards.fold),
        **params,
    )
    for made in (snakemake.output.model, snakemake.output.trials):
        rmtree(Path(f"{made}.work"), ignore_errors=True)
