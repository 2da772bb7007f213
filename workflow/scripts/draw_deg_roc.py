"""Draw the ROC curves of finding the genes that change most (Figure 3D)."""

import pandas as pd

from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import deg_roc
from lacuna.runtime.script_log import logged

with logged(snakemake.log[0]):
    roc = pd.concat(pd.read_csv(path, sep="\t") for path in snakemake.input.roc)
    metrics = pd.read_csv(snakemake.input.metrics, sep="\t").query(
        "size == 'large' and split == 'profiles'"
    )
    auc = metrics[metrics["method"].isin(snakemake.params.methods)]
    auc = auc.assign(percent=pd.to_numeric(auc["metric"].str.extract(r"deg_auc_(\d+)$")[0]))
    figure = deg_roc.draw(roc, auc.dropna().astype({"percent": int}), snakemake.params.data)
    save_figure(figure, roc, snakemake.output)
