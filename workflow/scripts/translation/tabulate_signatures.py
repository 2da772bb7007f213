"""Write the page on what signatures of translated wells say of known drugs and genes."""

from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.translation.signature_tables import sections, sentences

with job(snakemake):
    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    title = f"Signatures of translated wells: {snakemake.params.data}"
    write_page(snakemake.output[0], title, sentences(tables), sections(tables))
