"""Assign every profile to the fold that holds it out."""

from lacuna.files import write_table
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator
from lacuna.splits import fold_table, make_folds

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input[0])
    rng = generator(snakemake.params.seed, "folds", *snakemake.wildcards)
    fold = make_folds(tensor, snakemake.wildcards.split, snakemake.params.folds, rng)
    write_table(fold_table(tensor, fold), snakemake.output[0])
