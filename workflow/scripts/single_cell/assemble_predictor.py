"""Write the network that `lacuna predict-cells` uses, with all that it needs to be used."""

from lacuna.runtime.script_log import log_script
from lacuna.single_cell.model_jobs import assemble_predictor

with log_script(snakemake.log[0]):
    assemble_predictor(
        dict(snakemake.input.items()), snakemake.output[0], **dict(snakemake.params.items())
    )
