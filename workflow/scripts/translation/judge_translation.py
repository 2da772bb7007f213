"""Compare all chains of steps on samples measured both ways."""

from lacuna.runtime.job import job
from lacuna.translation.jobs import read_chains
from lacuna.translation.judge_jobs import judge, predict_left_out, read_paired

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    chains = read_chains(params.chains, files.genes, files.rnaseq, params.logarithm)
    paired = read_paired(files.pairs, files.rnaseq, files.matrix[0], files.gene_info[0])
    left_out = predict_left_out(
        chains, paired, files.l1000, files.rnaseq, params.options, params.seed
    )
    shown = tuple(params.shown)
    judge(chains, paired, left_out, shown, params.seed, dict(snakemake.output.items()))
