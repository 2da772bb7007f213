"""Draw predicted against measured entries (Figure 3A)."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import predicted_vs_true
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    density = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input.density)
    metrics = pd.read_csv(snakemake.input.metrics, sep="\t")
    pct = metrics.query("size == 'large' and split == 'profiles' and metric == 'pct'")
    pct = pct[pct["method"].isin(snakemake.params.methods)]
    figure = predicted_vs_true.draw(density, pct, snakemake.params.data)
    save_figure(figure, density, snakemake.output)
