"""Write a table of a series that comes within its matrix, or within its table of wells."""

from lacuna.io.embedded import write_embedded
from lacuna.io.links import keep_origin
from lacuna.runtime.job import job

with job(snakemake):
    write_embedded(snakemake.wildcards.kind, snakemake.input.source, snakemake.output[0])
    keep_origin(snakemake.input.came_in, snakemake.output[0])
