"""Predict the conditions that a fold holds out."""

from lacuna.runtime.job import job
from lacuna.single_cell.train_jobs import predict_unseen

with job(snakemake):
    predict_unseen(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        model=snakemake.wildcards.network,
        fold=snakemake.wildcards.fold,
        number=int(snakemake.wildcards.seed),
        **dict(snakemake.params.items()),
    )
