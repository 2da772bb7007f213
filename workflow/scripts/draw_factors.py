"""Draw how many targets rise with their transcription factor, and with other genes."""

from lacuna.cell_to_cell.figures import factors
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    table = read_table(snakemake.input.factors)
    left_out = read_table(snakemake.input.left_out)
    save_figure(factors.draw(table, left_out, snakemake.params.data), table, snakemake.output)
