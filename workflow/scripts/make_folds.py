"""Assign every profile to the fold that holds it out."""

from lacuna.files import write_table
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator
from lacuna.splits import fold_table, folds_by_profile

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input[0])
    rng = generator(snakemake.params.seed, "folds", *snakemake.wildcards)
    fold = folds_by_profile(tensor, snakemake.params.folds, rng)
    write_table(fold_table(tensor, fold), snakemake.output[0])
