"""Ask in which gene sets the genes stand from which decoders predict best."""

from lacuna.cell_to_cell.gene_importance import top_lists
from lacuna.enrichment.over_representation import enrich_lists
from lacuna.io.gmt import read_gmts
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator

with job(snakemake):
    table, control = enrich_lists(
        top_lists(read_table(snakemake.input.ranks)),
        read_gmts(snakemake.input.sets),
        read_table(snakemake.input.genes)["symbol"].dropna().to_list(),
        generator(snakemake.params.seed, "enrich_important_genes"),
    )
    print(control.to_string(index=False))
    write_table(table, snakemake.output.sets)
    write_table(control, snakemake.output.control)
