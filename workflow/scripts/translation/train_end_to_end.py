"""Train one step from L1000's landmarks to all genes on pseudo-pairs, and measure its errors."""

from pathlib import Path
from shutil import rmtree

from lacuna.io.h5ad import read_written
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.translation.chain import END_TO_END
from lacuna.translation.jobs import describe_left_out, save_step, train_end_to_end

with job(snakemake):
    files, params, name = snakemake.input, snakemake.params, snakemake.wildcards.step
    work = Path(f"{snakemake.output.step}.work")
    step, left = train_end_to_end(
        name, params.options, files.l1000, files.rnaseq, params.seed, work
    )
    obs = read_written(files.rnaseq).obs
    scores = describe_left_out(f"{name}/{END_TO_END}", left, obs, params.seed)
    write_table(scores, snakemake.output.left_out)
    save_step(snakemake.output.step, step, left.stderr())
    rmtree(work, ignore_errors=True)
