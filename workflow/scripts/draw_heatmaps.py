"""Draw drugs in all their cells, measured beside predicted (Figure 4A and B)."""

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import heatmaps
from lacuna.evaluation.heatmaps import choose_drugs, heatmap_table
from lacuna.evaluation.held_out import held_out_order
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import logged
from lacuna.tensor.profiles import ProfileSet

with logged(snakemake.log[0]):
    fold = pd.read_csv(snakemake.input.folds, sep="\t")["fold"].to_numpy()
    held_out = ProfileSet.load(snakemake.input.tensor).take(held_out_order(fold))
    annotation = read_table(snakemake.input.drugs)
    names = annotation["name"].fillna(annotation["drug"]).to_list()
    drugs = choose_drugs(held_out, names, snakemake.params.drugs)
    shown = np.isin(held_out.drug, drugs)
    methods = snakemake.params.methods
    predicted = {
        method: Completion.join([Completion.load(path) for path in paths]).profiles[shown]
        for method, paths in zip(
            methods, np.array_split(snakemake.input.predicted, len(methods)), strict=True
        )
    }
    table = heatmap_table(held_out.take(shown), predicted, drugs, names)
    save_figure(heatmaps.draw(table, snakemake.params.data), table, snakemake.output)
