"""Put the accuracy of Hodos et al. 2018 beside ours, where the data are theirs."""

from lacuna.io.tsv import read_table
from lacuna.report.origin import find_origin
from lacuna.report.page import write_page
from lacuna.report.published import gather_numbers
from lacuna.report.theirs_and_ours import accuracy_table, conclusion, counts_table
from lacuna.runtime.job import job

with job(snakemake):
    files, params = dict(snakemake.input.items()), snakemake.params
    published = read_table(files.pop("published"))
    ours = gather_numbers(files)
    origin = find_origin(published, ours, params.kind, params.tensor)
    write_page(
        snakemake.output[0],
        f"Hodos et al. 2018, theirs and ours: {params.data}",
        conclusion(origin),
        [
            ("Accuracy (PCT) on the large tensor", accuracy_table(published, ours, origin)),
            ("Are these the paper's data?", counts_table(origin)),
        ],
    )
