"""Write the page that compares the methods, with the published numbers beside them."""

import pandas as pd

from lacuna.job import logged
from lacuna.tables import conclude, fallback_table, method_table, published_note, write_page

with logged(snakemake.log[0]):
    metrics = pd.read_csv(snakemake.input.metrics, sep="\t")
    folds = pd.read_csv(snakemake.input.folds, sep="\t")
    published = pd.read_csv(snakemake.input.published, sep="\t")
    sections, conclusions = [], []
    for (size, split), scores in metrics.groupby(["size", "split"], sort=False):
        printed = published[(published["size"] == size) & (published["split"] == split)]
        sections.append((f"{size} tensor, held out by {split}", method_table(scores, printed)))
        conclusions.append(f"{size} tensor: {conclude(scores, snakemake.params.methods)}")
    sections.append(("Where a method had nothing to go by", fallback_table(folds)))
    note = published_note(snakemake.params.data, snakemake.params.is_papers_data)
    write_page(
        snakemake.output[0],
        f"Methods compared: {snakemake.params.data}",
        [*conclusions, note],
        sections,
    )
