"""Write a simulated screen in the formats that GEO ships."""

from pathlib import Path

from lacuna.runtime.job import job
from lacuna.simulation.write import simulate

with job(snakemake):
    simulate(Path(snakemake.output[0]).parent, **snakemake.params)
