"""Draw how well profiles from elsewhere are predicted, before and after fine-tuning."""

from lacuna.figures import transfer
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    scores = read_table(snakemake.input.scores)
    summary = read_table(snakemake.input.summary)
    save_figure(transfer.draw(scores, summary, snakemake.params.data), scores, snakemake.output)
