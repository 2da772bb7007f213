"""Write a simulated screen whose structures carry what drugs do."""

from pathlib import Path

from lacuna.runtime.script_log import log_script
from lacuna.simulation.write_retrieval import write_retrieval_world

with log_script(snakemake.log[0]):
    write_retrieval_world(Path(snakemake.output[0]).parent, **dict(snakemake.params.items()))
