"""Assess every plate of a series under every reference."""

import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.io.gctx import Gctx
from lacuna.io.geo import check_matrix, read_genes, read_wells
from lacuna.io.tsv import write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.plate_quality import assess_plates

with log_script(snakemake.log[0]):
    wells = read_wells(snakemake.input.inst_info)
    genes = read_genes(snakemake.input.gene_info)
    with Gctx(snakemake.input.level3) as matrix:
        check_matrix(matrix, wells, genes)
        landmarks = np.array(genes.loc[genes["landmark"], "gene"])
        batches = assess_plates(matrix, wells, landmarks, progress=tqdm, **snakemake.params)
        quality = pd.concat(batches, ignore_index=True)
    quality.insert(0, "series", snakemake.wildcards.series)
    write_table(quality, snakemake.output[0])
