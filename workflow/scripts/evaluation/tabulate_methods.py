"""Write the page that compares the methods, with intervals and in pairs."""

import pandas as pd

from lacuna.evaluation.method_tables import shown_methods
from lacuna.evaluation.splits import split_label
from lacuna.evaluation.tables import conclude, fallback_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    metrics, folds, comparisons, by_type = (pd.read_csv(path, sep="\t") for path in snakemake.input)
    keys = ["size", "split"]
    compared = dict(list(comparisons.groupby(keys)))
    kinds = snakemake.params.methods, snakemake.params.simple
    conclusions, sections = [], []
    for key, scores in metrics.groupby(keys, sort=False):
        name = f"{key[0].capitalize()} tensor, held out: {split_label(key[1])}"
        pairs = compared.get(key, comparisons.iloc[:0])
        conclusions.append(f"{name}: {conclude(pairs)}")
        sections += shown_methods(name, scores, pairs, *kinds)
        of_types = by_type.merge(pd.DataFrame([key], columns=keys)).groupby("pert_type")
        for pert_type, of_type in of_types if len(of_types) > 1 else []:
            sections += shown_methods(
                f"{name}, {pert_type} alone", of_type, comparisons.iloc[:0], *kinds
            )[:1]
    write_page(
        snakemake.output[0],
        f"Methods compared: {snakemake.params.data}",
        conclusions,
        [*sections, ("Where a method had nothing to go by", fallback_table(folds))],
    )
