"""Read the small tables of a series before its matrix comes, and count what is odd in them."""

from lacuna.acquire.tables import check_tables
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job

with job(snakemake):
    files = {kind: snakemake.input[kind] for kind in snakemake.params.kinds}
    write_table(check_tables(files), snakemake.output[0])
