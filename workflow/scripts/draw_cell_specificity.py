"""Draw how much drugs differ between cells (Figure 1)."""

from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged
from lacuna.tensor.figures import cell_specificity

with logged(snakemake.log[0]):
    table = read_table(snakemake.input[0])
    figure = cell_specificity.draw(table, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
