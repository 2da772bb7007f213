"""Train once, as analyses of the prediction from cell to cell ask, and score all of these."""

from pathlib import Path
from shutil import rmtree

from lacuna.cell_to_cell.questions import train_and_ask
from lacuna.cell_to_cell.study import Study
from lacuna.cell_to_cell.trainings import chances, choose_profiles, read_mechanisms
from lacuna.completion.interface import SideInformation
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job

with job(snakemake):
    files, asked = snakemake.input, snakemake.params.asked
    study = Study.read(files.tensor, files.division, files.drugs)
    side = SideInformation.read(study.tensor, files.drugs, files.baseline)
    chance = chances(snakemake.params.seed, int(snakemake.wildcards.repeat))
    mechanisms = read_mechanisms(files.get("labels", []))
    chosen = choose_profiles(asked, study, chance, mechanisms)
    work = Path(f"{snakemake.output.scores}.work")
    _, scores = train_and_ask(asked, chosen, study, side, chance, work)
    write_table(scores, snakemake.output.scores)
    rmtree(work, ignore_errors=True)
