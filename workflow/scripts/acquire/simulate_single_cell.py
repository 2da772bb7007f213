"""Write a simulated bulk screen, and single cells of a part of its drugs."""

from pathlib import Path

from lacuna.runtime.job import job
from lacuna.simulation.write_single_cell import write_single_cell_world

with job(snakemake):
    write_single_cell_world(Path(snakemake.output[0]).parent, **dict(snakemake.params.items()))
