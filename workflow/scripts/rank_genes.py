"""Rank the genes by how well each cell's decoder predicts from them."""

from lacuna.cell_to_cell import TRAINING
from lacuna.completion.deepcellstate import DeepCellState
from lacuna.files import read_table, write_table
from lacuna.gene_importance import rank_genes
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator

with logged(snakemake.log[0]):
    part = read_table(snakemake.input.division)["part"]
    training = ProfileSet.load(snakemake.input.tensor).take(part.eq(TRAINING).to_numpy())
    ranks, stability = rank_genes(
        DeepCellState.load(snakemake.input.model, snakemake.params.device),
        training,
        read_table(snakemake.input.genes),
        generator(snakemake.params.seed, "rank_genes", snakemake.wildcards.dataset),
    )
    print(stability.to_string(index=False))
    write_table(ranks, snakemake.output.ranks)
    write_table(stability, snakemake.output.stability)
