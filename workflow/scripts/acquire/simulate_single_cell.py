"""Write a simulated bulk screen, and single cells of a part of its drugs."""

from pathlib import Path

from lacuna.runtime.script_log import log_script
from lacuna.simulation.write_single_cell import write_single_cell_world

with log_script(snakemake.log[0]):
    write_single_cell_world(Path(snakemake.output[0]).parent, **dict(snakemake.params.items()))
