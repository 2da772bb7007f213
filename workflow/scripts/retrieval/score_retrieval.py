"""Score the ranks of all folds, with intervals and beside chance."""

from lacuna.retrieval.score_jobs import score_retrieval
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    score_retrieval(
        snakemake.input.ranks,
        snakemake.input.neighbours,
        dict(snakemake.output.items()),
        snakemake.params.seed,
    )
