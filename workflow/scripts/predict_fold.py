"""Predict the profiles that one fold holds out, from all the others."""

import pandas as pd

from lacuna.completion import SideInformation, run_method
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator

with logged(snakemake.log[0]):
    method, fold = snakemake.wildcards.method, int(snakemake.wildcards.fold)
    tensor = ProfileSet.load(snakemake.input.tensor)
    is_held_out = pd.read_csv(snakemake.input.folds, sep="\t")["fold"].eq(fold).to_numpy()
    held_out = tensor.take(is_held_out)
    completion = run_method(
        method,
        observed=tensor.take(~is_held_out),
        wanted=held_out.pairs,
        side=SideInformation(answers=held_out if snakemake.params.is_control else None),
        rng=generator(snakemake.params.seed, *snakemake.wildcards),
        options=snakemake.params.options,
    )
    completion.save(snakemake.output[0])
