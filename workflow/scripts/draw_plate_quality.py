"""Draw whether replicates agree and what all wells of a plate share."""

import pandas as pd

from lacuna.figures import plate_quality
from lacuna.figures.style import save_figure
from lacuna.files import read_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    quality = pd.concat(map(read_table, snakemake.input))
    figure = plate_quality.draw(quality, snakemake.params.reference, snakemake.params.data)
    save_figure(figure, quality, snakemake.output)
