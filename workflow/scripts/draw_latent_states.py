"""Draw held-out profiles beside their latent states, by t-SNE."""

from lacuna.cell_to_cell.figures import latent_states
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    states = read_table(snakemake.input.states)
    agreement = read_table(snakemake.input.agreement)
    figure = latent_states.draw(states, agreement, snakemake.params.data)
    save_figure(figure, states, snakemake.output)
