"""Fill the gaps of each fold's training drugs by a completion that has not seen the others."""

from pathlib import Path
from shutil import rmtree

from lacuna.classification.imputation import impute_folds
from lacuna.completion.interface import SideInformation
from lacuna.io import hdf5
from lacuna.io.tsv import read_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    work = Path(f"{snakemake.output[0]}.work")
    filled = impute_folds(
        tensor,
        read_table(snakemake.input.answers).set_index("drug"),
        snakemake.params.variant["method"],
        snakemake.params.variant["options"],
        SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline),
        most_cells=snakemake.params.cells,
        folds=snakemake.params.folds,
        fold_seed=int(generator(snakemake.params.seed, "classes").integers(2**31)),
        seed=snakemake.params.seed,
        work=work,
    )
    with hdf5.Writer(snakemake.output[0]) as writer:
        for name, profiles in filled:
            writer.write({name: profiles})
    rmtree(work, ignore_errors=True)
