"""Put all classification experiments into one table, and test what completion gains."""

import numpy as np
import pandas as pd

from lacuna.classification.similarity import similarity_summary
from lacuna.classification.tests import (
    QUESTIONS,
    change_on_predicted,
    gain_by_completion,
    paired_tests,
)
from lacuna.io import hdf5
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job

with job(snakemake):
    experiments = pd.concat(map(read_table, snakemake.input.experiments), ignore_index=True)
    parts = [hdf5.load(path) for path in snakemake.input.draws]
    draws, counts, similar = (
        np.concatenate([part[name] for part in parts]) for name in ("draws", "counts", "similar")
    )
    experiments["gain"] = gain_by_completion(experiments)
    experiments["on_predicted"] = change_on_predicted(experiments)
    tests = pd.concat(paired_tests(experiments, draws, question) for question in QUESTIONS)
    write_table(experiments, snakemake.output.experiments)
    write_table(tests, snakemake.output.tests)
    write_table(similarity_summary(experiments, counts, similar), snakemake.output.similarity)
