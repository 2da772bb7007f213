"""Lay what a network makes of drugs and doses on a plane."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.map_jobs import map_drugs

with log_script(snakemake.log[0]):
    map_drugs(snakemake.input[0], snakemake.output[0], **dict(snakemake.params.items()))
