"""Write the page that compares the chains of a translation."""

from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.script_log import log_script
from lacuna.translation.tables import sections, sentences

with log_script(snakemake.log[0]):
    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    write_page(
        snakemake.output[0],
        f"Translation: {snakemake.params.data}",
        sentences(tables["metrics"], tables["differences"], tuple(snakemake.params.shown)),
        sections(tables),
    )
