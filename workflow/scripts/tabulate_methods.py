"""Write the page that compares the methods, with the published numbers beside them."""

import pandas as pd

from lacuna.job import logged
from lacuna.tables import (
    comparison_table,
    conclude,
    fallback_table,
    method_table,
    published_note,
    write_page,
)

with logged(snakemake.log[0]):
    metrics, folds, comparisons, published = (
        pd.read_csv(path, sep="\t") for path in snakemake.input
    )
    keys = ["size", "split"]
    compared, printed = dict(list(comparisons.groupby(keys))), dict(list(published.groupby(keys)))
    conclusions, sections = [], []
    for key, scores in metrics.groupby(keys, sort=False):
        name = f"{key[0].capitalize()} tensor, held out by {key[1]}"
        conclusions.append(f"{name}: {conclude(compared.get(key, comparisons.iloc[:0]))}")
        sections += [
            (name, method_table(scores, printed.get(key, published.iloc[:0]))),
            (
                f"{name}: the best against the others",
                comparison_table(compared.get(key, comparisons.iloc[:0])),
            ),
        ]
    note = published_note(snakemake.params.data, snakemake.params.is_papers_data)
    write_page(
        snakemake.output[0],
        f"Methods compared: {snakemake.params.data}",
        [*conclusions, note],
        [*sections, ("Where a method had nothing to go by", fallback_table(folds))],
    )
