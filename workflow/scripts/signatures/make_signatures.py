"""Make the signatures of a series, assess its plates, measure its baseline, all in one pass."""

from tqdm import tqdm

from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes, read_wells
from lacuna.io.match import match
from lacuna.runtime.job import job
from lacuna.signatures.make import choose_types
from lacuna.signatures.series import write_series

with job(snakemake):
    settings = dict(snakemake.params.items())
    wells = choose_types(read_wells(snakemake.input.inst_info), settings.pop("pert_types"))
    genes = read_genes(snakemake.input.gene_info)
    with Gctx(snakemake.input.level3) as matrix:
        write_series(
            matrix,
            match(matrix, wells, genes, snakemake.input),
            snakemake.wildcards.series,
            snakemake.output,
            progress=tqdm,
            **settings,
        )
