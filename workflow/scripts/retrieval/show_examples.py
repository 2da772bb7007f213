"""Write the page of queries with the structures that they find."""

from lacuna.retrieval.examples import show_examples
from lacuna.runtime.job import job

with job(snakemake):
    show_examples(
        snakemake.input.examples,
        snakemake.input.fingerprints,
        snakemake.output[0],
        snakemake.params.data,
    )
