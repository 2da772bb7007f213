"""Train DeepCellState on the training drugs, and keep the network."""

from pathlib import Path
from shutil import rmtree

from lacuna.cell_to_cell.stage import NETWORK
from lacuna.cell_to_cell.study import TRAINING
from lacuna.completion.cell_model import TrainedOn
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import train_method
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    part = read_of_profiles(tensor, snakemake.input.division, "part")
    training, options = tensor.take(part == TRAINING), snakemake.params.options
    work = Path(f"{snakemake.output.model}.work")
    trained = train_method(
        NETWORK,
        training,
        SideInformation(),
        generator(snakemake.params.seed, "train_cell_states"),
        options,
        work,
    )
    on = TrainedOn.of(
        training,
        *(read_described(tensor, axis, snakemake.input[axis]) for axis in ("drugs", "genes")),
        NETWORK,
        options,
        dataset=snakemake.wildcards.dataset,
        simulated=str(snakemake.params.simulated).lower(),
    )
    trained.save(snakemake.output.model, on)
    write_table(trained.losses, snakemake.output.losses)
    rmtree(work, ignore_errors=True)
