"""Predict classes and targets of drugs from one method's completed profiles, by one model."""

from lacuna.classification.experiments import run_experiments
from lacuna.classification.profiles import DrugProfiles
from lacuna.io import hdf5
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.script_log import log_script
from lacuna.runtime.seeds import generator

with log_script(snakemake.log[0]):
    profiles = DrugProfiles.read(snakemake.input.product, snakemake.params.cells)
    answers = read_table(snakemake.input.answers)
    # The stream leaves out method and model, which then share folds and draws of drugs.
    seed = int(generator(snakemake.params.seed, "classes").integers(2**31))
    experiments, draws = run_experiments(
        profiles,
        answers.set_index("drug"),
        snakemake.wildcards.model,
        folds=snakemake.params.folds,
        trees=snakemake.params.trees,
        seed=seed,
        jobs=snakemake.threads,
    )
    experiments.insert(0, "method", snakemake.wildcards.method)
    write_table(experiments, snakemake.output.experiments)
    hdf5.save(snakemake.output.draws, {"draws": draws})
