"""Divide the drugs measured in a few cells into training and test drugs."""

from lacuna.cell_to_cell import choose_cells, divide, division_table
from lacuna.files import write_table
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.randomness import generator

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input[0])
    cells = choose_cells(tensor, snakemake.params.cells)
    rng = generator(snakemake.params.seed, "cell_to_cell", snakemake.wildcards.dataset)
    part = divide(tensor, cells, snakemake.params.test_percent, rng)
    write_table(division_table(tensor, part), snakemake.output[0])
