"""Draw how the trainings of all folds went."""

import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.drawing.style import save_figure
from lacuna.evaluation.figures import losses
from lacuna.runtime.script_log import logged

COLUMNS = ["size", "split", "method", "fold", "stage", "epoch", "training", "validation"]

with logged(snakemake.log[0]):
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path, what in zip(snakemake.input, snakemake.params.trained, strict=True):
        found = Completion.load(path).losses
        if found is not None:
            fold = found["part"].map(dict(enumerate(what["folds"])))
            names = {key: what[key] for key in ("size", "split", "method")}
            tables.append(found.assign(**names, fold=fold)[COLUMNS])
    table = pd.concat(tables, ignore_index=True)
    save_figure(losses.draw(table, snakemake.params.data), table, snakemake.output)
