"""Lay molecules and profiles out in two dimensions."""

from lacuna.retrieval.map_jobs import project_embeddings
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    project_embeddings(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        **dict(snakemake.params.items()),
    )
