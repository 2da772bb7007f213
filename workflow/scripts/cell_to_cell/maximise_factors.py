"""Raise transcription factors, and see whether their targets rise with them."""

from lacuna.cell_to_cell.factors import choose_sets, measure_enrichment
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.gmt import read_gmt
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator

with job(snakemake):
    symbols = read_table(snakemake.input.genes)["symbol"].to_list()
    sets = [each for path in snakemake.input.sets for each in read_gmt(path).items()]
    chosen, left_out = choose_sets(sets, symbols)
    factors = measure_enrichment(
        DeepCellState.load(snakemake.input.model, snakemake.params.device),
        chosen,
        symbols,
        read_table(snakemake.input.cells)["cell"].to_list(),
        generator(snakemake.params.seed, "maximise_factors"),
    )
    write_table(factors, snakemake.output.factors)
    write_table(left_out, snakemake.output.left_out)
