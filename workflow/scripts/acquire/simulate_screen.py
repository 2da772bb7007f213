"""Write a simulated screen in the formats that GEO ships."""

from pathlib import Path

from lacuna.runtime.script_log import log_script
from lacuna.simulation.write import simulate

with log_script(snakemake.log[0]):
    simulate(Path(snakemake.output[0]).parent, **snakemake.params)
