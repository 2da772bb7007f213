"""Write the page of scores."""

from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.single_cell.claims import sentences
from lacuna.single_cell.page_jobs import read_page_tables
from lacuna.single_cell.tables import sections

with job(snakemake):
    tables = read_page_tables(dict(snakemake.input.items()), snakemake.params.names)
    write_page(
        snakemake.output[0],
        f"Single cells: {snakemake.params.data}",
        sentences(tables),
        sections(tables),
    )
