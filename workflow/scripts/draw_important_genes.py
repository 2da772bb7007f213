"""Draw the genes from which each cell's decoder predicts best."""

from lacuna.figures import important_genes
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.gene_importance import choose_top
from lacuna.job import logged

with logged(snakemake.log[0]):
    shown = choose_top(read_table(snakemake.input.ranks))
    stability = read_table(snakemake.input.stability)
    figure = important_genes.draw(shown, stability, snakemake.params.data)
    save_figure(figure, shown, snakemake.output)
