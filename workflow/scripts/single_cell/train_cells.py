"""Train a network on cells, from nothing or from one that was trained on bulk wells."""

from pathlib import Path
from shutil import rmtree

from lacuna.runtime.job import job
from lacuna.single_cell.train_jobs import train_cells

with job(snakemake):
    train_cells(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        model=snakemake.wildcards.network,
        fold=snakemake.wildcards.fold,
        start=snakemake.wildcards.start,
        number=int(snakemake.wildcards.seed),
        **dict(snakemake.params.items()),
    )
    rmtree(Path(f"{snakemake.output.model}.work"), ignore_errors=True)
