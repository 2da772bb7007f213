"""Predict profiles from elsewhere, before and after fine-tuning on others of them."""

from lacuna.cell_to_cell.study import TRAINING
from lacuna.cell_to_cell.transfer import (
    compare_ways,
    match_decoders,
    place_external,
    seen_in_training,
    transfer,
)
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.external import read_external
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    part = read_table(snakemake.input.division)["part"]
    read = read_external(
        snakemake.input.profiles, snakemake.input.samples, read_table(snakemake.input.genes)
    )
    external = place_external(read, tensor.genes)
    model = DeepCellState.load(snakemake.input.model, snakemake.params.device)
    rng = generator(snakemake.params.seed, "transfer_states")
    scores = transfer(
        match_decoders(model, tensor.cells, external.cells), external, read.measured, rng
    )
    training = tensor.drug[part.eq(TRAINING)]
    drugs = read_table(snakemake.input.drugs)
    scores["in_training"] = seen_in_training(scores["drug"], drugs, training)
    summary = compare_ways(scores, rng)
    print(summary.to_string(index=False))
    write_table(scores, snakemake.output.scores)
    write_table(summary, snakemake.output.summary)
