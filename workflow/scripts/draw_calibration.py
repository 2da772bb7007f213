"""Draw the errors that methods state against those they make."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import calibration
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    table = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input)
    save_figure(calibration.draw(table, snakemake.params.data), table, snakemake.output)
