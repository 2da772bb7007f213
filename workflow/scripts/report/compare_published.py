"""Put this run's numbers beside those that the papers print."""

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.report import published
from lacuna.report.page import write_page
from lacuna.report.published_table import published_note, published_table
from lacuna.runtime.script_log import logged
from lacuna.tensor.profiles import ProfileSet

with logged(snakemake.log[0]):
    files = snakemake.input
    grids = [
        pd.DataFrame(tensor.measured, columns=tensor.cells)
        for tensor in (ProfileSet.load(files.large), ProfileSet.load(files.small))
    ]
    ours = [
        published.numbers_of_filters(read_table(files.filters)),
        published.numbers_of_grid(*grids),
        published.numbers_of_specificity(read_table(files.specificity)),
        published.numbers_of_metrics(read_table(files.metrics)),
        *(published.numbers_of_density(read_table(path)) for path in files.density),
        *(
            published.numbers_of_classes(read_table(path), snakemake.params.completed)
            for path in files.classes
        ),
        *(published.numbers_of_variations(read_table(path)) for path in files.variations),
        *(published.numbers_of_transfer(read_table(path)) for path in files.transfer),
        *(published.numbers_of_factors(read_table(path)) for path in files.factors),
    ]
    compared = published.compare(read_table(files.published), pd.concat(ours, ignore_index=True))
    here = compared.groupby("paper").filter(lambda rows: rows["ours"].notna().any())
    write_table(compared, snakemake.output.table)
    write_page(
        snakemake.output.page,
        f"Published numbers and this run's: {snakemake.params.data}",
        [published_note(snakemake.params.data, snakemake.params.paper, snakemake.params.completed)],
        [
            (paper, published_table(rows, paper == snakemake.params.paper))
            for paper, rows in here.groupby("paper")
        ],
    )
