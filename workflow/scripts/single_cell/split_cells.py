"""Say who is trained on and who is judged in a fold, and describe its conditions."""

from lacuna.runtime.job import job
from lacuna.single_cell.prepare_jobs import split_cells

with job(snakemake):
    files = dict(snakemake.input.items())
    split_cells(
        files["observations"],
        files["drugs"],
        files.get("bulk"),
        files.get("bulk_drugs"),
        snakemake.output[0],
        fold_name=snakemake.wildcards.fold,
        **dict(snakemake.params.items()),
    )
