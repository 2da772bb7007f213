"""Average what each setting of the analyses scores, with intervals over drugs and trainings."""

from functools import partial

import pandas as pd

from lacuna.cell_to_cell.variations import SUMMARY, gather, read_scores, summarise
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator

with job(snakemake):
    scores = read_scores(dict(snakemake.input.items()))
    stream = partial(generator, snakemake.params.seed, "variations")
    tables = [
        summarise(analysis, gather(analysis, settings, scores), stream)
        for analysis, settings in snakemake.params.settings.items()
    ]
    write_table(pd.concat(tables)[SUMMARY], snakemake.output[0])
