"""Score all methods by drug, cell and gene, and by what they keep of how genes go together."""

import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.evaluation.gene_correlations import gene_correlations_kept, mean_over_cells
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.parts import DRUG, score_parts
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles, read_types
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    fold = read_of_profiles(tensor, snakemake.input.folds, "fold")
    seed = snakemake.params.seed
    parts, genes = [], []
    for number, method in enumerate(snakemake.params.methods):
        paths = snakemake.input.predicted[number :: len(snakemake.params.methods)]
        held_out = HeldOut.gather(tensor, fold, [Completion.load(path) for path in paths])
        # Streams leave out the method: the draws and halves of two methods are the same.
        of_parts = score_parts(held_out, tensor, generator(seed, "parts"))
        of_genes = gene_correlations_kept(held_out, tensor, generator(seed, "halves"))
        parts.append(of_parts.assign(method=method))
        genes.append(of_genes.assign(method=method))
    kept = pd.concat(genes, ignore_index=True)
    of_drug = pd.Series(read_types(tensor, snakemake.input.drugs), tensor.drugs)
    table = pd.concat(parts, ignore_index=True)
    table["pert_type"] = table["name"].map(of_drug).where(table["part"].eq(DRUG))
    write_table(table, snakemake.output.parts)
    write_table(kept, snakemake.output.genes)
    write_table(mean_over_cells(kept, generator(seed, "genes")), snakemake.output.kept)
