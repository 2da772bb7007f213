"""Choose genes and samples for a translation, and normalise them."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.run import prepare

with log_script(snakemake.log[0]):
    prepare(**snakemake.params, output=dict(snakemake.output.items()))
