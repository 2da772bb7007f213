"""Write the page on predictions from cell to cell: what they depend on, and how sure that is."""

from lacuna.cell_to_cell.analyses import analysis_label
from lacuna.cell_to_cell.tables import division_note, variation_sentences, variation_table
from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    variations = read_table(snakemake.input.variations)
    analyses, repeats = snakemake.params.analyses, snakemake.params.repeats
    write_page(
        snakemake.output[0],
        f"From cell to cell: {snakemake.params.data}",
        [
            division_note(read_table(snakemake.input.division), repeats),
            *variation_sentences(variations, analyses),
        ],
        [
            (analysis_label(name), variation_table(rows))
            for name, rows in variations.groupby("analysis", sort=False)
        ],
    )
