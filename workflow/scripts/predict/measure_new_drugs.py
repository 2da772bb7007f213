"""Say how good predictions were for drugs held out whole, beside the mean of the cell."""

from lacuna.completion.interface import SideInformation
from lacuna.io.tsv import write_table
from lacuna.predict.accuracy import accuracy_of_run
from lacuna.runtime.job import job
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files = snakemake.input
    tensor = ProfileSet.load(files.tensor)
    side = SideInformation.read(tensor, files.drugs, files.baseline)
    judged_by = {
        name: files[name] for name in ("folds", "scores") if name in snakemake.params.judged_by
    }
    table = accuracy_of_run(tensor, side.smiles, judged_by, snakemake.params.seed)
    write_table(table, snakemake.output[0])
