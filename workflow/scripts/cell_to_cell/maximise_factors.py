"""Raise transcription factors, and see whether their targets rise with them."""

from lacuna.cell_to_cell.factors import choose_sets, measure_enrichment
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.gmt import read_gmt
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    genes, cells = (
        read_described(tensor, axis, snakemake.input[axis]) for axis in ("genes", "cells")
    )
    symbols = genes["symbol"].to_list()
    sets = [each for path in snakemake.input.sets for each in read_gmt(path).items()]
    chosen, left_out = choose_sets(sets, symbols)
    factors = measure_enrichment(
        DeepCellState.load(snakemake.input.model, snakemake.params.device, tensor),
        chosen,
        symbols,
        cells["cell"].to_list(),
        generator(snakemake.params.seed, "maximise_factors"),
    )
    write_table(factors, snakemake.output.factors)
    write_table(left_out, snakemake.output.left_out)
