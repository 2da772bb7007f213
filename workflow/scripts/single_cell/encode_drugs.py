"""Read the structures of all drugs by one encoder."""

from lacuna.runtime.job import job
from lacuna.single_cell.drug_vectors import encode_drugs

with job(snakemake):
    encode_drugs(
        list(snakemake.input.drugs),
        encoder=snakemake.wildcards.encoder,
        vectors=next(iter(snakemake.input.vectors), None),
        output=snakemake.output[0],
        **dict(snakemake.params.items()),
    )
