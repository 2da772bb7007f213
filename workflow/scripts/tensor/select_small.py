"""Select the small tensor, the densest block of drugs and cells."""

from lacuna.runtime.job import job
from lacuna.tensor.build import densest_block
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    large = ProfileSet.load(snakemake.input[0])
    densest_block(large, **snakemake.params).save(snakemake.output[0])
