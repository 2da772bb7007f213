"""List the genes that change most in every drug and cell of a finished tensor."""

from lacuna.evaluation.gene_lists import ranked_genes
from lacuna.io.tsv import write_blocks
from lacuna.runtime.job import job

with job(snakemake):
    write_blocks(ranked_genes(snakemake.input[0]), snakemake.output[0])
