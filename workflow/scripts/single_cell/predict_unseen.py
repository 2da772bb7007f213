"""Predict the conditions that a fold holds out."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.train_jobs import predict_unseen

with log_script(snakemake.log[0]):
    predict_unseen(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        model=snakemake.wildcards.network,
        fold=snakemake.wildcards.fold,
        number=int(snakemake.wildcards.seed),
        **dict(snakemake.params.items()),
    )
