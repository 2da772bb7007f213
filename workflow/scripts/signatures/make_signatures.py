"""Make a signature of every experiment of a series, and count what became of its wells."""

from tqdm import tqdm

from lacuna.io.gctx import Gctx
from lacuna.io.geo import check_matrix, read_genes, read_wells
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.make import count_wells, make_signatures
from lacuna.signatures.signature_set import SignatureSet

with log_script(snakemake.log[0]):
    wells = read_wells(snakemake.input.inst_info)
    genes = read_genes(snakemake.input.gene_info)
    with Gctx(snakemake.input.level3) as matrix:
        check_matrix(matrix, wells, genes)
        landmarks = genes.loc[genes["landmark"], "gene"]
        batches = make_signatures(matrix, wells, landmarks, progress=tqdm, **snakemake.params)
        SignatureSet.save(snakemake.output.signatures, batches)
    write_table(count_wells(wells), snakemake.output.wells)
