"""Draw how classifiers do on drugs without a measured profile (Figures 5D, 5E)."""

from lacuna.classification.figures import class_predicted
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    experiments = read_table(snakemake.input.experiments).dropna(subset="on_predicted")
    tests = read_table(snakemake.input.tests)
    overall = tests.query("question == 'on_predicted' and grouped_by == 'kind'")
    figure = class_predicted.draw(experiments, overall, snakemake.params.data)
    save_figure(figure, experiments, snakemake.output)
