"""Train a step from landmarks to all genes, and measure its errors on studies left out."""

from pathlib import Path
from shutil import rmtree

from lacuna.io.h5ad import read_written
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.translation.jobs import describe_left_out, losses_of, save_step, train_genome

with job(snakemake):
    files, params, name = snakemake.input, snakemake.params, snakemake.wildcards.step
    work = Path(f"{snakemake.output.step}.work")
    step, left = train_genome(name, params.options, files.l1000, files.rnaseq, params.seed, work)
    obs = read_written(files.rnaseq).obs
    write_table(describe_left_out(name, left, obs, params.seed), snakemake.output.left_out)
    write_table(losses_of(step), snakemake.output.losses)
    save_step(snakemake.output.step, step, left.stderr())
    rmtree(work, ignore_errors=True)
