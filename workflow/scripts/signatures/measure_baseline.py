"""Measure the expression of a series' cells in its vehicle wells."""

import numpy as np
from tqdm import tqdm

from lacuna.io.gctx import Gctx
from lacuna.io.geo import check_matrix, read_genes, read_wells
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.baseline import measure_baseline

with log_script(snakemake.log[0]):
    wells = read_wells(snakemake.input.inst_info)
    genes = read_genes(snakemake.input.gene_info)
    with Gctx(snakemake.input.level3) as matrix:
        check_matrix(matrix, wells, genes)
        landmarks = np.array(genes.loc[genes["landmark"], "gene"])
        write_table(measure_baseline(matrix, wells, landmarks, tqdm), snakemake.output[0])
