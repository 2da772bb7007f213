"""Average the scores of all folds, with intervals over drugs."""

from lacuna.runtime.job import job
from lacuna.single_cell.score_jobs import score_cells

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    runs, folds = [tuple(run) for run in params.runs], iter(files.folds)
    score_cells(
        list(files.scores),
        dict(zip(params.targets, files.drugs, strict=True)),
        {target: [next(folds) for _ in names] for target, names in params.targets.items()},
        dict(zip(runs, files.disentangled, strict=True)),
        dict(zip(runs, files.losses, strict=True)),
        dict(snakemake.output.items()),
        encoders=params.encoders,
        seed=params.seed,
    )
