"""Bring a matrix into a GCTX: link to one, decompress one, or write one from another layout."""

from lacuna.io.links import keep_origin
from lacuna.io.unpacking import unpack_matrix
from lacuna.runtime.job import job

with job(snakemake):
    level = snakemake.wildcards.get("level")  # pairs of a translation have none
    unpack_matrix(
        snakemake.input.matrix,
        snakemake.output[0],
        *snakemake.input.get("table", []),  # one, or none
        by_line=level == "level5",
    )
    keep_origin(snakemake.input.matrix, snakemake.output[0])
