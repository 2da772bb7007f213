"""Decompress a Level 3 matrix, or link to one that is not compressed."""

from lacuna.geo import unpack
from lacuna.job import logged

with logged(snakemake.log[0]):
    unpack(snakemake.input[0], snakemake.output[0])
