"""Lay what a network makes of drugs and doses on a plane."""

from lacuna.runtime.job import job
from lacuna.single_cell.map_jobs import map_drugs

with job(snakemake):
    map_drugs(snakemake.input[0], snakemake.output[0], **dict(snakemake.params.items()))
