"""Draw what the prediction from cell to cell depends on."""

from lacuna.cell_to_cell.figures import variations
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    table = read_table(snakemake.input[0])
    figure = variations.draw(table, snakemake.params.analyses, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
