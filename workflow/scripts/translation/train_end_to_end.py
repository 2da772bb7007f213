"""Train one step from L1000's landmarks to all genes, on pseudo-pairs."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.jobs import save_step, train_end_to_end

with log_script(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    step = train_end_to_end(
        snakemake.wildcards.step, params.options, files.l1000, files.rnaseq, params.seed
    )
    save_step(snakemake.output.step, step)
