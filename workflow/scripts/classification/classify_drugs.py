"""Predict classes and targets of drugs from one method's completed profiles, by one model."""

from pathlib import Path
from shutil import rmtree

import pandas as pd

from lacuna.classification.experiments import run_experiments
from lacuna.classification.imputation import filled_folds
from lacuna.classification.profiles import DrugProfiles
from lacuna.io import hdf5
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.structures.fingerprints import known_similarity

with job(snakemake):
    profiles = DrugProfiles.read(snakemake.input.product, snakemake.params.cells)
    answers = read_table(snakemake.input.answers)
    # The stream leaves out method and model, which then share folds and draws of drugs.
    seed = int(generator(snakemake.params.seed, "classes").integers(2**31))
    drugs = pd.read_csv(snakemake.input.drugs, sep="\t", dtype=str, keep_default_na=False)
    smiles = drugs.set_index("drug")["smiles"].reindex(profiles.drugs, fill_value="")
    work = Path(f"{snakemake.output.experiments}.work")
    found = run_experiments(
        profiles,
        answers.set_index("drug"),
        snakemake.wildcards.model,
        folds=snakemake.params.folds,
        trees=snakemake.params.trees,
        seed=seed,
        similarity=known_similarity(smiles.to_numpy(str)),
        imputed=filled_folds(snakemake.input.get("imputed")),
        jobs=snakemake.threads,
        work=work,
    )
    found.table.insert(0, "method", snakemake.wildcards.method)
    write_table(found.table, snakemake.output.experiments)
    hdf5.save(
        snakemake.output.draws,
        {"draws": found.draws, "counts": found.counts, "similar": found.similar},
    )
    rmtree(work, ignore_errors=True)
