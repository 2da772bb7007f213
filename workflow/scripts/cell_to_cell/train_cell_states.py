"""Train DeepCellState on all training drugs, score all it is asked, and keep the network."""

from pathlib import Path
from shutil import rmtree

import pandas as pd

from lacuna.cell_to_cell.questions import train_and_ask
from lacuna.cell_to_cell.study import Study
from lacuna.cell_to_cell.trainings import chances, choose_profiles
from lacuna.completion.cell_model import TrainedOn
from lacuna.completion.interface import SideInformation
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.tensor.joined import read_described

with job(snakemake):
    files, asked = snakemake.input, snakemake.params.asked
    study = Study.read(files.tensor, files.division, files.drugs)
    side = SideInformation.read(study.tensor, files.drugs, files.baseline)
    chance = chances(snakemake.params.seed, 1)
    chosen = choose_profiles(asked, study, chance, pd.Series(dtype=str))
    work = Path(f"{snakemake.output.scores}.work")
    trained, scores = train_and_ask(asked, chosen, study, side, chance, work)
    on = TrainedOn.of(
        chosen.training,
        *(read_described(study.tensor, axis, files[axis]) for axis in ("drugs", "genes")),
        asked["method"],
        asked["options"],
        dataset=snakemake.wildcards.dataset,
        simulated=str(snakemake.params.simulated).lower(),
    )
    trained.save(snakemake.output.model, on)
    write_table(trained.losses, snakemake.output.losses)
    write_table(scores, snakemake.output.scores)
    rmtree(work, ignore_errors=True)
