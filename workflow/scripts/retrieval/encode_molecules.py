"""Make vectors of molecules."""

from lacuna.retrieval.encode_jobs import encode_molecules
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    encode_molecules(
        snakemake.input[0],
        snakemake.output[0],
        snakemake.wildcards.encoder,
        snakemake.params.options,
        snakemake.params.cache,
    )
