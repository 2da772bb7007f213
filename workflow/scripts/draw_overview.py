"""Draw the grid beside the methods' scores."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import overview
from lacuna.runtime.script_log import logged
from lacuna.tensor.profiles import ProfileSet

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input.tensor)
    metrics = pd.read_csv(snakemake.input.metrics, sep="\t").query(
        "size == 'large' and split == 'profiles'"
    )
    metrics = metrics[metrics["metric"].isin(overview.METRICS)]
    figure = overview.draw(tensor.measured, list(tensor.cells), metrics, snakemake.params.data)
    save_figure(figure, metrics, snakemake.output)
