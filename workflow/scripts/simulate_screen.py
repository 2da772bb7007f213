"""Write a simulated screen in the formats that GEO ships."""

from pathlib import Path

from lacuna.job import logged
from lacuna.simulate import simulate

with logged(snakemake.log[0]):
    simulate(Path(snakemake.output[0]).parent, **snakemake.params)
