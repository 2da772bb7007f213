"""Bring ready-made signatures of a series into the form of our own."""

from lacuna.io.gctx import Gctx
from lacuna.io.geo import check_columns, check_genes, read_genes
from lacuna.io.sig_info import read_signatures
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.level5 import count_signatures, import_signatures
from lacuna.signatures.signature_set import SignatureSet

with log_script(snakemake.log[0]):
    info = read_signatures(snakemake.input.sig_info)
    with Gctx(snakemake.input.level5) as matrix:
        check_columns(matrix, info["signature"], "sig_info")
        known = read_genes(snakemake.input.gene_info)
        check_genes(matrix, known)
        genes = known.loc[known["landmark"], "gene"].to_numpy()
        blocks = import_signatures(matrix, info, genes)
        SignatureSet.save(snakemake.output.signatures, blocks)
    write_table(count_signatures(info), snakemake.output.wells)
