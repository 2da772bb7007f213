"""Divide the drugs measured in a few cells into training and test drugs."""

from lacuna.cell_to_cell.study import choose_cells, divide, division_table
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = read_described(tensor, "drugs", snakemake.input.drugs)
    cells = choose_cells(tensor, snakemake.params.cells)
    rng = generator(snakemake.params.seed, "cell_to_cell")
    study = divide(tensor, cells, snakemake.params.test_percent, rng, drugs)
    write_table(division_table(study), snakemake.output[0])
