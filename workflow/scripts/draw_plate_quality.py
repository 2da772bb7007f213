"""Draw whether replicates agree and what all wells of a plate share."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged
from lacuna.signatures.figures import plate_quality

with logged(snakemake.log[0]):
    quality = pd.concat(map(read_table, snakemake.input))
    figure = plate_quality.draw(quality, snakemake.params.reference, snakemake.params.data)
    save_figure(figure, quality, snakemake.output)
