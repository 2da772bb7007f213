"""Draw the errors that methods state against those they make."""

import pandas as pd

from lacuna.figures import calibration
from lacuna.figures.style import save_figure
from lacuna.job import logged

with logged(snakemake.log[0]):
    table = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input)
    save_figure(calibration.draw(table, snakemake.params.data), table, snakemake.output)
