"""Choose wells, know their structures, and draw the split."""

from lacuna.retrieval.run import cut_wells
from lacuna.runtime.script_log import log_script

with log_script(snakemake.log[0]):
    cut_wells(output=dict(snakemake.output.items()), **dict(snakemake.params.items()))
