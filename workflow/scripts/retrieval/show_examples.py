"""Write the page of queries with the structures that they find."""

from lacuna.retrieval.examples import show_examples
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    show_examples(
        snakemake.input.examples,
        snakemake.input.fingerprints,
        snakemake.output[0],
        snakemake.params.data,
    )
