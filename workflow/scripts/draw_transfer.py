"""Draw how well profiles from elsewhere are predicted, before and after fine-tuning."""

from lacuna.cell_to_cell.figures import transfer
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    scores = read_table(snakemake.input.scores)
    summary = read_table(snakemake.input.summary)
    save_figure(transfer.draw(scores, summary, snakemake.params.data), scores, snakemake.output)
