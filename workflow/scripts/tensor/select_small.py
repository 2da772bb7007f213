"""Select the small tensor, the densest block of drugs and cells."""

from lacuna.runtime.script_log import log_script
from lacuna.tensor.build import densest_block
from lacuna.tensor.profiles import ProfileSet

with log_script(snakemake.log[0]):
    large = ProfileSet.load(snakemake.input[0])
    densest_block(large, **snakemake.params).save(snakemake.output[0])
