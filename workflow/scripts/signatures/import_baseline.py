"""Bring the baseline expression that a series comes with into the form of our own."""

from lacuna.io.gctx import Gctx
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.baseline import read_baseline
from lacuna.signatures.signature_set import SignatureSet

with log_script(snakemake.log[0]):
    signatures = SignatureSet.load(snakemake.input.signatures)
    with Gctx(snakemake.input.baseline) as matrix:
        table = read_baseline(matrix, signatures.genes, signatures.table["cell"])
    write_table(table, snakemake.output[0])
