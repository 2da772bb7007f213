"""Draw the accuracy of each method against the density of its training set (Figure 3C)."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import density
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    table = pd.read_csv(snakemake.input.density, sep="\t")
    sizes = pd.read_csv(snakemake.input.sizes, sep="\t", keep_default_na=False)
    save_figure(density.draw(table, sizes, snakemake.params.data), table, snakemake.output)
