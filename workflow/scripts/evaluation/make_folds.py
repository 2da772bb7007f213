"""Assign every profile to the fold that holds it out."""

from lacuna.evaluation.splits import SPLITS, fold_table, make_folds
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.structures.identity import drug_groups
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = read_described(tensor, "drugs", snakemake.input.drugs)
    names = snakemake.wildcards
    stream = (names.size, SPLITS[names.split].stream)
    rng = generator(snakemake.params.seed, "folds", *stream)
    fold = make_folds(tensor, names.split, snakemake.params.folds, rng, drug_groups(drugs))
    table = fold_table(tensor, fold).assign(pert_type=drugs["pert_type"].to_numpy()[tensor.drug])
    write_table(table, snakemake.output[0])
