"""Train DeepCellState on the training drugs, and keep the network."""

from pathlib import Path
from shutil import rmtree

from lacuna.cell_to_cell.study import TRAINING
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import train_method
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    part = read_of_profiles(tensor, snakemake.input.division, "part")
    work = Path(f"{snakemake.output.model}.work")
    trained = train_method(
        "deepcellstate",
        tensor.take(part == TRAINING),
        SideInformation(),
        generator(snakemake.params.seed, "train_cell_states"),
        snakemake.params.options,
        work,
    )
    trained.save(snakemake.output.model)
    write_table(trained.losses, snakemake.output.losses)
    rmtree(work, ignore_errors=True)
