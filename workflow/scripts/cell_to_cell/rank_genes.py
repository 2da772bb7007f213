"""Rank the genes by how well each cell's decoder predicts from them."""

from lacuna.cell_to_cell.gene_importance import rank_genes
from lacuna.cell_to_cell.study import TRAINING
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    part = read_table(snakemake.input.division)["part"]
    training = ProfileSet.load(snakemake.input.tensor).take(part.eq(TRAINING).to_numpy())
    ranks, stability = rank_genes(
        DeepCellState.load(snakemake.input.model, snakemake.params.device),
        training,
        read_table(snakemake.input.genes),
        generator(snakemake.params.seed, "rank_genes"),
    )
    print(stability.to_string(index=False))
    write_table(ranks, snakemake.output.ranks)
    write_table(stability, snakemake.output.stability)
