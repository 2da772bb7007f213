"""Select the small tensor, the densest block of drugs and cells."""

from lacuna.job import logged
from lacuna.profiles import ProfileSet
from lacuna.tensor import densest_block

with logged(snakemake.log[0]):
    large = ProfileSet.load(snakemake.input[0])
    densest_block(large, **snakemake.params).save(snakemake.output[0])
