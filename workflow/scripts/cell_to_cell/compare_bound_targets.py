"""Raise transcription factors, and compare the targets they bind in a cell with those elsewhere."""

from lacuna.cell_to_cell.bound_factors import compare_targets, summarise_targets
from lacuna.cell_to_cell.study import TRAINING
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.chip_atlas import read_chip_atlas
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files = snakemake.input
    tensor = ProfileSet.load(files.tensor)
    part = read_of_profiles(tensor, files.division, "part")
    rng = generator(snakemake.params.seed, "compare_bound_targets")
    factors, left_out = compare_targets(
        DeepCellState.load(files.model, snakemake.params.device, tensor),
        tensor.take(part == TRAINING),
        [read_chip_atlas(path) for path in files.bound],
        read_described(tensor, "genes", files.genes)["symbol"].to_list(),
        rng,
    )
    summary = summarise_targets(factors, rng)
    print(summary.to_string(index=False))
    write_table(factors, snakemake.output.factors)
    write_table(left_out, snakemake.output.left_out)
    write_table(summary, snakemake.output.summary)
