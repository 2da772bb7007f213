"""Draw held-out profiles beside their latent states, by t-SNE."""

from lacuna.figures import latent_states
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    states = read_table(snakemake.input.states)
    agreement = read_table(snakemake.input.agreement)
    figure = latent_states.draw(states, agreement, snakemake.params.data)
    save_figure(figure, states, snakemake.output)
