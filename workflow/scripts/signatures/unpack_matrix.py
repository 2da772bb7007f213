"""Decompress a matrix, or link to one that is not compressed; a table of signatures becomes one."""

from lacuna.io.geo import unpack
from lacuna.io.links import keep_origin
from lacuna.io.signature_table import unpack_signatures
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    level = snakemake.wildcards.get("level")  # pairs of a translation have none
    bring = unpack_signatures if level == "level5" else unpack
    bring(snakemake.input[0], snakemake.output[0])
    keep_origin(snakemake.input[0], snakemake.output[0])
