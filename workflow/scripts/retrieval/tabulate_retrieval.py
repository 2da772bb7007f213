"""Write the page of scores."""

from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.retrieval.tables import sections, sentences
from lacuna.runtime.job import job

with job(snakemake):
    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    write_page(
        snakemake.output[0],
        f"Retrieval: {snakemake.params.data}",
        sentences(tables["metrics"], snakemake.params.lines),
        sections(tables),
    )
