"""Bring the baseline expression that a series comes with into the form of our own."""

from lacuna.io.gctx import Gctx
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.signatures.baseline import read_baseline
from lacuna.signatures.signature_set import SignatureSet

with job(snakemake):
    signatures = SignatureSet.load(snakemake.input.signatures)
    with Gctx(snakemake.input.baseline) as matrix:
        table = read_baseline(matrix, signatures.genes, signatures.table["cell"])
    write_table(table, snakemake.output[0])
