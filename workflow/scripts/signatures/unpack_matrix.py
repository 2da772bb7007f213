"""Decompress a Level 3 matrix, or link to one that is not compressed."""

from lacuna.io.geo import unpack
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    unpack(snakemake.input[0], snakemake.output[0])
