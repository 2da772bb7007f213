"""Write a simulated transcriptome as RNA-seq and L1000 measure it."""

from pathlib import Path

from lacuna.runtime.script_log import log_script
from lacuna.simulation.rnaseq import simulate_transcriptome
from lacuna.simulation.write_rnaseq import write_transcriptome

with log_script(snakemake.log[0]):
    options = dict(snakemake.params.items())
    world = simulate_transcriptome(null=options.pop("unrelated"), **options)
    write_transcriptome(world, Path(snakemake.output[0]).parent)
