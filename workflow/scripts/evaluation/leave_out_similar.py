"""Score all methods without the drugs that have a similar one in training."""

import pandas as pd

from lacuna.completion.interface import Completion, SideInformation
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.similar_drugs import accuracy_without_similar, nearest_in_training
from lacuna.evaluation.splits import SPLITS
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    smiles = SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline).smiles
    methods, split = snakemake.params.methods, SPLITS[snakemake.wildcards.split]
    fold = read_of_profiles(tensor, snakemake.input.folds, "fold")
    nearest = nearest_in_training(tensor, fold, smiles)
    tables = []
    for number, method in enumerate(methods):
        paths = snakemake.input.predicted[number :: len(methods)]
        held_out = HeldOut.gather(tensor, fold, [Completion.load(path) for path in paths])
        rng = generator(snakemake.params.seed, "similar", split.stream)
        table = accuracy_without_similar(held_out, nearest, rng)
        tables.append(table.assign(method=method, split=split.name))
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
