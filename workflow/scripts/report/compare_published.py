"""Put this run's numbers beside those that the papers print."""

from lacuna.drawing.tables import ShownTable
from lacuna.io.tsv import read_table, write_table
from lacuna.report.origin import comparable, find_origin
from lacuna.report.page import write_page
from lacuna.report.published import compare, gather_numbers
from lacuna.report.published_table import published_note, published_table
from lacuna.runtime.job import job

with job(snakemake):
    files, params = dict(snakemake.input.items()), snakemake.params
    published = read_table(files.pop("published"))
    ours = gather_numbers(files)
    origin = find_origin(published, ours, params.kind, params.tensor)
    compared = compare(published, comparable(ours, params.kind))
    here = compared.groupby("paper").filter(lambda rows: rows["ours"].notna().any())
    write_table(compared, snakemake.output.table)
    write_page(
        snakemake.output.page,
        f"Published numbers and this run's: {params.data}",
        [published_note(params.data, origin, params.completed, list(here["paper"].unique()))],
        [
            ShownTable(
                paper, published_table(rows, paper == origin.paper), folded=paper != origin.paper
            )
            for paper, rows in here.groupby("paper")
        ],
    )
