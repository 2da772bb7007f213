"""List the genes that change most in every drug and cell of a finished tensor."""

from lacuna.evaluation.gene_lists import ranked_genes
from lacuna.io.tsv import write_blocks
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    write_blocks(ranked_genes(snakemake.input[0]), snakemake.output[0])
