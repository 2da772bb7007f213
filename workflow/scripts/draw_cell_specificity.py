"""Draw how much drugs differ between cells (Figure 1)."""

import pandas as pd

from lacuna.figures import cell_specificity
from lacuna.figures.style import save_figure
from lacuna.job import logged
from lacuna.metrics import cell_specificity as measure
from lacuna.profiles import ProfileSet

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = pd.read_csv(snakemake.input.drugs, sep="\t", dtype=str)
    table = measure(tensor.profiles, tensor.drug)
    table.insert(0, "name", drugs["name"].fillna(drugs["drug"])[table["drug"]].to_numpy())
    table["drug"] = tensor.drugs[table["drug"]]
    figure = cell_specificity.draw(table, snakemake.params.data)
    save_figure(figure, table, snakemake.output)
