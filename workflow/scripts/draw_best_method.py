"""Draw the method that predicts each held-out profile best (Figure 3B)."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.compare import best_method_per_profile
from lacuna.evaluation.figures import best_method
from lacuna.runtime.script_log import logged
from lacuna.tensor.profiles import ProfileSet

with logged(snakemake.log[0]):
    tensor = ProfileSet.load(snakemake.input.tensor)
    scores = pd.concat(
        pd.read_csv(path, sep="\t", dtype={"drug": str, "cell": str}, keep_default_na=False)
        for path in snakemake.input.profiles
    )
    best = best_method_per_profile(scores)
    figure = best_method.draw(
        best,
        snakemake.params.methods,
        list(tensor.drugs),
        list(tensor.cells),
        snakemake.params.data,
    )
    save_figure(figure, best, snakemake.output)
