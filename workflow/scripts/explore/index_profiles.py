"""Lay the product out so that it can be asked: by drug, cell, gene and signature."""

from lacuna.completion.registry import method_label
from lacuna.explore.build import build_index
from lacuna.io.annotations import annotate_from_files, read_symbols
from lacuna.io.tsv import read_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    drugs, cells, dropped = (read_table(files[name]) for name in ("drugs", "cells", "dropped"))
    sources = {kind: files[kind] for kind in params.annotations}
    labels, _ = annotate_from_files(drugs, sources, read_symbols(files.gene_info))
    build_index(
        snakemake.output[0],
        files.product,
        drugs=drugs,
        cells=cells,
        dropped=dropped,
        labels=labels,
        held_out=read_table(files.held_out),
        facts={
            "dataset": snakemake.wildcards.dataset,
            "method": params.method,
            "method_label": method_label(params.method),
            "title": params.title,
            "simulated": params.simulated,
            "seed": params.seed,
        },
        rng=generator(params.seed, "explore", params.method),
    )
