"""Fill the whole grid: measured profiles as they are, all others predicted."""

from pathlib import Path
from shutil import rmtree

import pandas as pd

import lacuna
from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import method_label
from lacuna.completion.run import complete_in_blocks
from lacuna.completion.writer import write_completed
from lacuna.evaluation.expected_r import ExpectedR
from lacuna.io.annotations import annotate_from_files, read_symbols
from lacuna.io.tsv import read_table
from lacuna.runtime.script_log import log_script
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with log_script(snakemake.log[0]):
    variant = snakemake.params.variant
    tensor = ProfileSet.load(snakemake.input.tensor)
    learnt = ExpectedR.load(snakemake.input.expected)
    print(learnt)
    known = tensor.reliability["signal"].notna().sum()
    print(f"expected_r of measured profiles: {known} of {len(tensor)}, from their replicates")
    work = Path(f"{snakemake.output.gctx}.work")
    completions = complete_in_blocks(
        variant["method"],
        observed=tensor,
        wanted=tensor.missing_pairs,
        side=SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline),
        rng=generator(snakemake.params.seed, "completed", variant["method"]),
        options=variant["options"],
        work=work,
    )
    axes = {
        axis: pd.read_csv(snakemake.input[axis], sep="\t", dtype=str, keep_default_na=False)
        for axis in ("drugs", "cells", "genes")
    }
    files = {kind: snakemake.input[kind] for kind in snakemake.params.annotations}
    drugs = read_table(snakemake.input.drugs)
    labels, _ = annotate_from_files(drugs, files, read_symbols(snakemake.input.gene_info))
    axes["drugs"] = axes["drugs"].join(labels.drop(columns=["drug", "name"]))
    write_completed(
        snakemake.output.gctx,
        tensor,
        completions,
        **axes,
        expect=learnt.of_gaps(tensor),
        facts={
            "dataset": snakemake.wildcards.dataset,
            "method": snakemake.wildcards.method,
            "method_label": method_label(snakemake.wildcards.method),
            "seed": snakemake.params.seed,
            "simulated": snakemake.params.simulated,
            "lacuna_version": lacuna.__version__,
        },
    )
    rmtree(work, ignore_errors=True)
