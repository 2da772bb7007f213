"""Compare all chains of steps on samples measured both ways."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.jobs import judge, read_chains, read_paired

with log_script(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    chains = read_chains(params.chains, files.genes, files.rnaseq, params.logarithm)
    paired = read_paired(files.pairs, files.rnaseq, files.matrix[0], files.gene_info[0])
    judge(chains, paired, tuple(params.shown), params.seed, dict(snakemake.output.items()))
