"""Write the network that `lacuna predict-cells` uses, with all that it needs to be used."""

from lacuna.runtime.job import job
from lacuna.single_cell.model_jobs import assemble_predictor

with job(snakemake):
    assemble_predictor(
        dict(snakemake.input.items()), snakemake.output[0], **dict(snakemake.params.items())
    )
