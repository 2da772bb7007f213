"""Score what networks and plain methods predicted of a fold."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.judge_jobs import judge_unseen

with log_script(snakemake.log[0]):
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
