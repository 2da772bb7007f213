"""Train a network on cells, from nothing or from one that was trained on bulk wells."""

from pathlib import Path
from shutil import rmtree

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.train_jobs import train_cells

with log_script(snakemake.log[0]):
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
