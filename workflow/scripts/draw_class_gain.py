"""Draw what completed profiles add to classifiers, by profile type and task (Figures 5B, 5C)."""

from lacuna.classification.figures import class_gain
from lacuna.drawing.style import save_figure
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    experiments = read_table(snakemake.input.experiments).dropna(subset="gain")
    tests = read_table(snakemake.input.tests)
    overall = tests.query("question == 'gain' and grouped_by == 'all'")
    figure = class_gain.draw(experiments, overall, snakemake.params.data)
    save_figure(figure, experiments, snakemake.output)
