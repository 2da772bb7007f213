"""Write a table of a series that comes within its matrix, or within its table of wells."""

from lacuna.io.embedded import write_embedded
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    write_embedded(snakemake.wildcards.kind, snakemake.input[0], snakemake.output[0])
