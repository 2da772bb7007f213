"""Train and test every setting of an analysis of the prediction from cell to cell."""

from functools import partial
from pathlib import Path
from shutil import rmtree

import pandas as pd

from lacuna.cell_to_cell.variations import Study, design, score
from lacuna.completion.interface import SideInformation
from lacuna.completion.variants import Variant
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    names, files, seed = snakemake.wildcards, snakemake.input, snakemake.params.seed
    tensor = ProfileSet.load(files.tensor)
    study = Study(tensor, read_of_profiles(tensor, files.division, "part").astype(str))
    side, mechanisms = SideInformation(), pd.Series(dtype=str)
    if names.analysis == "methods":
        side = SideInformation.read(tensor, files.drugs, files.baseline)
    for path in files.get("labels", []):
        labels = read_table(path).set_index("drug")
        mechanisms = labels.get("mechanisms", mechanisms)
    rng = generator(seed, "vary_training", names.analysis)
    methods = {name: Variant(name, **what) for name, what in snakemake.params.methods.items()}
    variations = design(names.analysis, study, methods, mechanisms, rng)
    # The stream leaves out analysis and setting: what is trained alike is the same training.
    stream = partial(generator, seed, "vary_training")
    work = Path(f"{snakemake.output[0]}.work")
    write_table(score(variations, side, stream, work), snakemake.output[0])
    rmtree(work, ignore_errors=True)
