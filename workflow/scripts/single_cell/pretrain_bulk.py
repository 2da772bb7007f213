"""Train a network on the wells of a bulk screen."""

from pathlib import Path
from shutil import rmtree

from lacuna.runtime.job import job
from lacuna.single_cell.train_jobs import pretrain_bulk

with job(snakemake):
    pretrain_bulk(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        model=snakemake.wildcards.network,
        held_out=snakemake.wildcards.held_out,
        number=int(snakemake.wildcards.seed),
        **dict(snakemake.params.items()),
    )
    rmtree(Path(f"{snakemake.output.model}.work"), ignore_errors=True)
