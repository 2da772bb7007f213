"""Find how far up the targets of drugs stand in signatures of translated wells."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.jobs import read_baseline
from lacuna.translation.model import load_model
from lacuna.translation.signature_jobs import bridges, open_screen

with log_script(snakemake.log[0]):
    files, params = snakemake.input, snakemake.params
    model = load_model(files.model)
    baseline = read_baseline(files.baseline, files.genes, files.rnaseq, params.logarithm)
    with open_screen(dict(files.items()), model, baseline) as screen:
        bridges(
            screen,
            params.targets,
            files.sets,
            params.way,
            params.seed,
            dict(snakemake.output.items()),
        )
