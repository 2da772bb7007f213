"""Write the page of plates: medians under each reference, and the plates to look at."""

import pandas as pd

from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.signatures.tables import plate_medians, worst_plates

with job(snakemake):
    quality = pd.concat(map(read_table, snakemake.input))
    write_page(
        snakemake.output[0],
        f"Plates: {snakemake.params.data}",
        [],
        [
            ("Medians over plates, by reference", plate_medians(quality)),
            (
                f"Plates with the largest common part, reference: {snakemake.params.reference}",
                worst_plates(quality, snakemake.params.reference),
            ),
        ],
    )
