"""Write the page to ask the product."""

from lacuna.explore.index import Index
from lacuna.explore.page_write import write_page
from lacuna.runtime.job import job

with job(snakemake), Index.open(snakemake.input[0]) as index:
    write_page(snakemake.output.page, index, snakemake.params.product, snakemake.params.others)
