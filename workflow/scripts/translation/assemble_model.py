"""Put two trained steps into one model file."""

from lacuna.io.tsv import read_table
from lacuna.runtime.job import job
from lacuna.translation.jobs import read_chains
from lacuna.translation.judge_jobs import with_errors_of_pairs
from lacuna.translation.model import digest_of, save_model

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    names = tuple(params.names)
    (model,) = read_chains(
        [(names, list(files.steps))], files.genes, files.rnaseq, params.logarithm
    ).values()
    for path in files.factors:  # none without pairs
        model = with_errors_of_pairs(model, read_table(path))
    save_model(snakemake.output[0], model, digest_of(model.reference.sorted_values, model.stderr))
