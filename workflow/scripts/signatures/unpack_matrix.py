"""Decompress a matrix, or link to one that is not compressed; a table of signatures becomes one."""

from lacuna.io.geo import unpack
from lacuna.io.signature_table import unpack_signatures
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    bring = unpack_signatures if snakemake.wildcards.level == "level5" else unpack
    bring(snakemake.input[0], snakemake.output[0])
