"""Put this run's numbers beside those that the papers print."""

import pandas as pd

from lacuna import published
from lacuna.files import write_table
from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.tables import published_note, published_table, write_page


def read(path: str) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype={"name": str, "group": str})


with logged(snakemake.log[0]):
    files = snakemake.input
    grids = [
        pd.DataFrame(tensor.measured, columns=tensor.cells)
        for tensor in (ProfileSet.load(files.large), ProfileSet.load(files.small))
    ]
    ours = [
        published.numbers_of_filters(read(files.filters)),
        published.numbers_of_grid(*grids),
        published.numbers_of_specificity(read(files.specificity)),
        published.numbers_of_metrics(read(files.metrics)),
        *(published.numbers_of_density(read(path)) for path in files.density),
        *(
            published.numbers_of_classes(read(path), snakemake.params.completed)
            for path in files.classes
        ),
    ]
    compared = published.compare(read(files.published), pd.concat(ours, ignore_index=True))
    is_papers_data = snakemake.params.is_papers_data
    write_table(compared, snakemake.output.table)
    write_page(
        snakemake.output.page,
        f"Published numbers and this run's: {snakemake.params.data}",
        [published_note(snakemake.params.data, is_papers_data)],
        [
            (paper, published_table(rows, is_papers_data))
            for paper, rows in compared.groupby("paper")
        ],
    )
