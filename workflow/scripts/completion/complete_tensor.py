"""Fill the whole grid, measured profiles as they are; keep what was learnt."""

from pathlib import Path
from shutil import rmtree

import pandas as pd

import lacuna
from lacuna.completion.interface import SideInformation
from lacuna.completion.keeping import keep
from lacuna.completion.registry import method_label
from lacuna.completion.run import predict_in_blocks, prepare_trained, train_method
from lacuna.completion.writer import write_completed
from lacuna.evaluation.expected_r import ExpectedR
from lacuna.io.annotations import annotate_from_files, read_symbols
from lacuna.io.tsv import read_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    variant, seed = snakemake.params.variant, snakemake.params.seed
    name, method, options = snakemake.wildcards.method, variant["method"], variant["options"]
    tensor = ProfileSet.load(snakemake.input.tensor)
    side = SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline)
    learnt = ExpectedR.load(snakemake.input.expected)
    print(learnt)
    known = tensor.reliability["signal"].notna().sum()
    print(f"expected_r of measured profiles: {known} of {len(tensor)}, from their replicates")
    work, gaps = Path(f"{snakemake.output.gctx}.work"), tensor.missing_pairs
    rng = generator(seed, "completed", method)
    trained = train_method(method, tensor, side, rng, options, work)
    prepared = prepare_trained(method, trained, tensor, gaps, rng, options)
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
        predict_in_blocks(method, prepared, tensor, gaps, work),
        **axes,
        expect=learnt.of_gaps(tensor),
        facts={
            "dataset": snakemake.wildcards.dataset,
            "method": name,
            "method_label": method_label(name),
            "seed": seed,
            "simulated": snakemake.params.simulated,
            "lacuna_version": lacuna.__version__,
        },
    )
    rmtree(work, ignore_errors=True)
    for path in snakemake.params.model:
        keep(
            path,
            name,
            method,
            options,
            tensor=tensor,
            side=side,
            axes=axes,
            trained=trained,
            prepared=prepared,
            rng=generator(seed, "completed", method, "new drugs"),
            facts={
                "dataset": snakemake.wildcards.dataset,
                "simulated": str(snakemake.params.simulated).lower(),
            },
        )
