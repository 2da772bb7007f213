"""Say how often the errors of the model hold on pairs, and by what they must be multiplied."""

from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.translation.jobs import read_chains
from lacuna.translation.judge_jobs import judge_errors, predict_left_out, read_paired

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    names = tuple(params.names)
    chain = read_chains([(names, list(files.steps))], files.genes, files.rnaseq, params.logarithm)
    paired = read_paired(files.pairs, files.rnaseq, files.matrix[0], files.gene_info[0])
    left_out = predict_left_out(
        chain, paired, files.l1000, files.rnaseq, params.options, params.seed
    )
    predicted = left_out.get(names)
    if predicted is None:  # a chain that learns nothing from pairs
        predicted = chain[names].predict(paired.seen)
    held, factors = judge_errors(chain[names], predicted, paired, params.seed)
    write_table(held, snakemake.output.coverage)
    write_table(factors, snakemake.output.factors)
