"""Train a network that brings profiles and molecules into one space."""

from lacuna.retrieval.align_jobs import align

from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    files, params = dict(snakemake.input.items()), dict(snakemake.params.items())
    align(
        files,
        dict(snakemake.output.items()),
        name=snakemake.wildcards.alignment,
        fold=int(snakemake.wildcards.fold),
        **params,
    )
