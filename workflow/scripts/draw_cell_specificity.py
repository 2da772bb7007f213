"""Draw how much drugs differ between cells (Figure 1)."""

from lacuna.figures import cell_specificity
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    table = read_table(snakemake.input[0])
    figure = cell_specificity.draw(table, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
