"""Train a step from L1000's landmarks to those of RNA-seq."""

from pathlib import Path
from shutil import rmtree

from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.translation.jobs import losses_of, save_step, train_landmarks
from lacuna.translation.judge_jobs import read_paired_if_given

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    paired = read_paired_if_given(files.get("pairs"), files.rnaseq, files.matrix, files.gene_info)
    name, work = snakemake.wildcards.step, Path(f"{snakemake.output.step}.work")
    step = train_landmarks(
        name, params.options, files.l1000, files.rnaseq, paired, params.seed, work
    )
    save_step(snakemake.output.step, step)
    write_table(losses_of(step), snakemake.output.losses)
    rmtree(work, ignore_errors=True)
