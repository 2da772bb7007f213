"""Put two trained steps into one model file."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.jobs import read_chains
from lacuna.translation.model import digest_of, save_model

with log_script(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    names = tuple(params.names)
    (model,) = read_chains(
        [(names, list(files.steps))], files.genes, files.rnaseq, params.logarithm
    ).values()
    save_model(snakemake.output[0], model, digest_of(model.reference.sorted_values, model.stderr))
