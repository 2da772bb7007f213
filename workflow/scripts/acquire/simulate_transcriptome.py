"""Write a simulated transcriptome as RNA-seq and L1000 measure it."""

from pathlib import Path

from lacuna.runtime.job import job
from lacuna.simulation.rnaseq import simulate_transcriptome
from lacuna.simulation.write_rnaseq import write_transcriptome

with job(snakemake):
    options = dict(snakemake.params.items())
    world = simulate_transcriptome(null=options.pop("unrelated"), **options)
    write_transcriptome(world, Path(snakemake.output[0]).parent)
