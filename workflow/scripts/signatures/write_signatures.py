"""Write the signatures of a series as a GCTX to take away."""

from lacuna.io.geo import read_genes
from lacuna.runtime.script_log import log_script
from lacuna.signatures.product import write_signatures
from lacuna.signatures.signature_set import SignatureSet

with log_script(snakemake.log[0]):
    signatures = SignatureSet.load(snakemake.input.signatures)
    write_signatures(snakemake.output[0], signatures, read_genes(snakemake.input.gene_info))
