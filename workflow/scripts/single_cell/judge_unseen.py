"""Score what networks and plain methods predicted of a fold."""

from lacuna.runtime.job import job
from lacuna.single_cell.judge_jobs import judge_unseen

with job(snakemake):
    files, params = snakemake.input, dict(snakemake.params.items())
    runs = [tuple(run) for run in params.pop("runs")]
    encoded = dict(zip(params.pop("encoders"), files.encoded, strict=True))
    judge_unseen(
        {"fold": files.fold, "drugs": files.drugs, "encoded": encoded},
        dict(zip(runs, files.predicted, strict=True)),
        dict(zip(runs, files.distances, strict=True)),
        dict(snakemake.output.items()),
        target=snakemake.wildcards.target,
        **params,
    )
