"""Predict profiles from elsewhere, before and after fine-tuning on others of them."""

import pandas as pd

from lacuna.cell_to_cell.external_sets import in_training
from lacuna.cell_to_cell.study import TRAINING
from lacuna.cell_to_cell.transfer import Tuning, match_decoders, summarise, transfer
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    external = ProfileSet.load(files.profiles)
    measured = read_table(files.genes)["measured"].to_numpy(bool)
    drugs, division = (read_table(path) for path in (files.drugs, files.division))
    tensor = ProfileSet.load(files.tensor)
    tables = []
    pairs = zip(files.models, files.unregularised, strict=True)
    for repeat, paths in enumerate(pairs, start=1):
        models = [
            match_decoders(
                DeepCellState.load(path, params.device, tensor), tensor.cells, external.cells
            )
            for path in paths
        ]
        rng = generator(params.seed, "transfer_states", repeat)
        table = transfer(*models, external, measured, Tuning(**params.tuning), rng)
        tables.append(table.assign(repeat=repeat))
    scores = pd.concat(tables, ignore_index=True)
    trained_on = division.loc[division["part"] == TRAINING, "drug"].unique()
    known = dict(zip(drugs["drug"], in_training(drugs, trained_on), strict=True))
    scores["in_training"] = scores["drug"].map(known).astype(bool)
    summary = summarise(scores, generator(params.seed, "transfer_states"))
    summary.insert(0, "set", drugs["set"].fillna("").iloc[0])
    print(summary.to_string(index=False))
    write_table(scores, snakemake.output.scores)
    write_table(summary, snakemake.output.summary)
