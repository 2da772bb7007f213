"""Write the signatures of a series as a GCTX to take away."""

from lacuna.io.geo import read_genes
from lacuna.runtime.job import job
from lacuna.signatures.product import write_signatures
from lacuna.signatures.signature_set import SignatureSet

with job(snakemake):
    signatures = SignatureSet.load(snakemake.input.signatures)
    write_signatures(snakemake.output[0], signatures, read_genes(snakemake.input.gene_info))
