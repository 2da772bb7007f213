"""Write a simulated screen in the formats that GEO ships."""

from pathlib import Path

from lacuna.runtime.script_log import logged
from lacuna.simulation.write import simulate

with logged(snakemake.log[0]):
    simulate(Path(snakemake.output[0]).parent, **snakemake.params)
