"""Retrieve expression by expression: what a perfect predictor of profiles could reach."""

from lacuna.retrieval.oracle_jobs import judge_oracles
from lacuna.runtime.job import job

with job(snakemake):
    judge_oracles(
        dict(snakemake.input.items()), snakemake.output[0], **dict(snakemake.params.items())
    )
