"""Score the ranks of all folds, with intervals and beside chance."""

from lacuna.retrieval.score_jobs import score_retrieval
from lacuna.runtime.job import job

with job(snakemake):
    score_retrieval(
        snakemake.input.ranks,
        snakemake.input.neighbours,
        dict(snakemake.output.items()),
        snakemake.params.seed,
    )
