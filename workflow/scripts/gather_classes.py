"""Put all classification experiments into one table, and test what completion gains."""

import numpy as np
import pandas as pd

from lacuna import hdf5
from lacuna.classify import gain_by_completion, loss_on_predicted
from lacuna.files import write_table
from lacuna.job import logged

with logged(snakemake.log[0]):
    experiments = pd.concat(
        (pd.read_csv(path, sep="\t") for path in snakemake.input.experiments), ignore_index=True
    )
    draws = np.concatenate([hdf5.load(path)["draws"] for path in snakemake.input.draws])
    tests = pd.concat(
        [
            gain_by_completion(experiments, draws).assign(question="gain by completion"),
            loss_on_predicted(experiments, draws).assign(question="loss on predicted profiles"),
        ]
    )
    tests.insert(0, "question", tests.pop("question"))
    write_table(experiments, snakemake.output.experiments)
    write_table(tests, snakemake.output.tests)
