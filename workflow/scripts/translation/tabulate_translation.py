"""Write the page that compares the chains of a translation."""

from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.translation.tables import sections, sentences

with job(snakemake):
    paths = dict(snakemake.input.items())
    for units in paths.pop("units"):  # none where there is one unit alone
        paths["units"] = units
    tables = {name: read_table(path) for name, path in paths.items()}
    write_page(
        snakemake.output[0],
        f"Translation: {snakemake.params.data}",
        sentences(tables["metrics"], tables["differences"], tuple(snakemake.params.shown)),
        sections(tables),
    )
