"""Train DeepCellState on all drugs of the study but those that another platform has, too."""

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
    files, params = snakemake.input, snakemake.params
    tensor = ProfileSet.load(files.tensor)
    training = tensor.take(read_of_profiles(tensor, files.division, "part") == TRAINING)
    work = Path(f"{snakemake.output.model}.work")
    # Networks of one repeat share the stream: they differ in their options alone.
    rng = generator(params.seed, "train_external_model", params.repeat)
    trained = train_method(NETWORK, training, SideInformation(), rng, params.options, work)
    on = TrainedOn.of(
        training,
        *(read_described(tensor, axis, files[axis]) for axis in ("drugs", "genes")),
        NETWORK,
        params.options,
        dataset=snakemake.wildcards.dataset,
        simulated=str(params.simulated).lower(),
    )
    trained.save(snakemake.output.model, on)
    write_table(trained.losses, snakemake.output.losses)
    rmtree(work, ignore_errors=True)
