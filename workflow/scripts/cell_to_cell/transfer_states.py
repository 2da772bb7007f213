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
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files = snakemake.input
    tensor = ProfileSet.load(files.tensor)
    part = read_of_profiles(tensor, files.division, "part")
    drugs, genes = (read_described(tensor, axis, files[axis]) for axis in ("drugs", "genes"))
    read = read_external(files.profiles, files.samples, genes)
    external = place_external(read, tensor.genes)
    model = DeepCellState.load(files.model, snakemake.params.device, tensor)
    rng = generator(snakemake.params.seed, "transfer_states")
    scores = transfer(
        match_decoders(model, tensor.cells, external.cells), external, read.measured, rng
    )
    training = tensor.drug[part == TRAINING]
    scores["in_training"] = seen_in_training(scores["drug"], drugs, training)
    summary = compare_ways(scores, rng)
    print(summary.to_string(index=False))
    write_table(scores, snakemake.output.scores)
    write_table(summary, snakemake.output.summary)
