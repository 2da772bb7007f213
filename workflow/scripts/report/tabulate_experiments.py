"""Write the page of experiments: how consistent they are, and what they are too few for."""

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.report.experiments import (
    count_experiments,
    count_p_values,
    missing_parts,
    most_consistent,
)
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.signatures.signature_set import SignatureSet

with job(snakemake):
    series = snakemake.params.series
    tables = {
        name: SignatureSet.load(path).table
        for name, path in zip(series, snakemake.input.signatures, strict=True)
    }
    wells = {
        f"Input of {name}": read_table(path)
        for name, path in zip(series, snakemake.input.wells, strict=True)
    }
    write_table(count_p_values(tables), snakemake.output.p_values)
    missing = missing_parts(pd.concat(tables))
    write_page(
        snakemake.output.page,
        f"Experiments: {snakemake.params.data}",
        [],
        [
            *wells.items(),
            ("Experiments", count_experiments(tables)),
            *([("What there is too little for", missing)] if len(missing) else []),
            ("Experiments whose replicates agree best", most_consistent(tables)),
        ],
    )
