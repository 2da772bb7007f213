"""Draw how drugs in one cell correlate with drugs in another, as profiles and as latent states."""

from lacuna.cell_to_cell.figures import latent_correlation
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    table = read_table(snakemake.input.correlation)
    agreement = read_table(snakemake.input.agreement)
    figure = latent_correlation.draw(table, agreement, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
