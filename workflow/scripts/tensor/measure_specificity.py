"""Measure how much each drug's effect differs between cells."""

from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet
from lacuna.tensor.specificity import cell_specificity

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = read_described(tensor, "drugs", snakemake.input.drugs)
    table = cell_specificity(tensor.profiles, tensor.drug)
    table.insert(0, "pert_type", drugs["pert_type"][table["drug"]].to_numpy())
    table.insert(0, "name", drugs["name"].fillna(drugs["drug"])[table["drug"]].to_numpy())
    table["drug"] = tensor.drugs[table["drug"]]
    write_table(table, snakemake.output[0])
