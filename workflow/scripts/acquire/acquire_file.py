"""Get one file of a series, from the user's copies or by download, and check it."""

from pathlib import Path

from lacuna.io.sources import Wanted, acquire, read_sources
from lacuna.runtime.job import job

with job(snakemake):
    acquire(
        Wanted(**snakemake.params.wanted),
        Path(snakemake.output[0]),
        read_sources(snakemake.input.sources),
        recorded=Path(snakemake.params.recorded),
        mirrors=[Path(mirror) for mirror in snakemake.params.mirrors],
    )
