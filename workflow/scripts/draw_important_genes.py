"""Draw the genes from which each cell's decoder predicts best."""

from lacuna.cell_to_cell.figures import important_genes
from lacuna.cell_to_cell.gene_importance import choose_top
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    shown = choose_top(read_table(snakemake.input.ranks))
    stability = read_table(snakemake.input.stability)
    figure = important_genes.draw(shown, stability, snakemake.params.data)
    save_figure(figure, shown, snakemake.output)
