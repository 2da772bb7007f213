"""Draw how classifiers do on drugs without a measured profile (Figures 5D, 5E)."""

import pandas as pd

from lacuna.figures import class_predicted
from lacuna.figures.style import save_figure
from lacuna.job import logged

with logged(snakemake.log[0]):
    experiments = pd.read_csv(snakemake.input.experiments, sep="\t").dropna(subset="on_predicted")
    tests = pd.read_csv(snakemake.input.tests, sep="\t")
    overall = tests.query("question == 'on_predicted' and grouped_by == 'kind'")
    figure = class_predicted.draw(experiments, overall, snakemake.params.data)
    save_figure(figure, experiments, snakemake.output)
