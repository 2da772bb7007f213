"""Bring ready-made signatures of a series into the form of our own."""

from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes
from lacuna.io.match import match
from lacuna.io.sig_info import read_signatures
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.signatures.level5 import count_signatures, import_signatures
from lacuna.signatures.signature_set import SignatureSet

with job(snakemake):
    info = read_signatures(snakemake.input.sig_info)
    genes = read_genes(snakemake.input.gene_info)
    with Gctx(snakemake.input.level5) as matrix:
        found = match(matrix, info, genes, snakemake.input)
        asked = snakemake.params.pert_types
        blocks = import_signatures(matrix, found.table, found.genes, asked, snakemake.params.scale)
        SignatureSet.save(snakemake.output.signatures, blocks)
    write_table(found.add_left_out(count_signatures(found.table, asked)), snakemake.output.wells)
