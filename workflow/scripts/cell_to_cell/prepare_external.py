"""Bring profiles of another platform to the tensor's genes, and set their drugs apart."""

from lacuna.cell_to_cell.external_sets import (
    drug_table,
    place_external,
    read_set,
    same_drugs,
    set_apart,
    typical_length,
)
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    files, made = snakemake.input, snakemake.output
    tensor = ProfileSet.load(files.tensor)
    drugs, genes = (read_described(tensor, axis, files[axis]) for axis in ("drugs", "genes"))
    read = read_set(dict(files.items()), genes, snakemake.params.cells)
    external = place_external(read, tensor.genes, typical_length(tensor.profiles))
    same = same_drugs(external.drugs.tolist(), read.inchi_keys, drugs)
    part = read_of_profiles(tensor, files.division, "part").astype(str)
    external.save(made.profiles)
    write_table(genes[["gene", "symbol"]].assign(measured=read.measured), made.genes)
    write_table(drug_table(external, read.name, same, drugs), made.drugs)
    write_table(set_apart(tensor, part, same.any(axis=0)), made.division)
