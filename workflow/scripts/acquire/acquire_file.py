"""Get one file of a series, from the user's copies or by download, and check it."""

from pathlib import Path

from lacuna.io.sources import Wanted, acquire, read_sources
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    acquire(
        Wanted(**snakemake.params.wanted),
        Path(snakemake.output[0]),
        read_sources(snakemake.input.sources),
        recorded=Path(snakemake.params.recorded),
        mirrors=[Path(mirror) for mirror in snakemake.params.mirrors],
    )
