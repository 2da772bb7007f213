"""Assign every profile to the fold that holds it out."""

from lacuna.evaluation.splits import SPLITS, fold_table, make_folds
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input[0])
    names = snakemake.wildcards
    stream = (names.size, SPLITS[names.split].stream)
    rng = generator(snakemake.params.seed, "folds", *stream)
    fold = make_folds(tensor, names.split, snakemake.params.folds, rng)
    write_table(fold_table(tensor, fold), snakemake.output[0])
