"""Draw what the prediction from cell to cell depends on."""

from lacuna.figures import variations
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    table = read_table(snakemake.input[0])
    figure = variations.draw(table, snakemake.params.analyses, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
