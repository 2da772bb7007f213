"""Draw what completed profiles add to classifiers, by profile type and task (Figures 5B, 5C)."""

import pandas as pd

from lacuna.figures import class_gain
from lacuna.figures.style import save_figure
from lacuna.job import logged

with logged(snakemake.log[0]):
    experiments = pd.read_csv(snakemake.input.experiments, sep="\t").dropna(subset="gain")
    tests = pd.read_csv(snakemake.input.tests, sep="\t")
    overall = tests.query("question == 'gain' and grouped_by == 'all'")
    figure = class_gain.draw(experiments, overall, snakemake.params.data)
    save_figure(figure, experiments, snakemake.output)
