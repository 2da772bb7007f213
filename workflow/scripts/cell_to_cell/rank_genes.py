"""Rank the genes by how well each cell's decoder predicts from them."""

from lacuna.cell_to_cell.gene_importance import rank_genes
from lacuna.cell_to_cell.study import TRAINING
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files = snakemake.input
    tensor = ProfileSet.load(files.tensor)
    part = read_of_profiles(tensor, files.division, "part")
    training = tensor.take(part == TRAINING)
    ranks, stability = rank_genes(
        DeepCellState.load(files.model, snakemake.params.device, tensor),
        training,
        read_described(tensor, "genes", files.genes),
        generator(snakemake.params.seed, "rank_genes"),
    )
    print(stability.to_string(index=False))
    write_table(ranks, snakemake.output.ranks)
    write_table(stability, snakemake.output.stability)
