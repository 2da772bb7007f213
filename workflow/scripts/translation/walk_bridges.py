"""Ask the signatures of drugs whose targets are known: bridges, gene sets, RNA-seq studies."""

from lacuna.runtime.job import job
from lacuna.translation.jobs import read_baseline
from lacuna.translation.model import load_model
from lacuna.translation.signature_jobs import open_screen
from lacuna.translation.target_jobs import ask_targets, open_studies

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    model = load_model(files.model)
    baseline = read_baseline(files.baseline, files.genes, files.rnaseq, params.logarithm)
    told = params.told
    with (
        open_screen(dict(files.items()), model, baseline) as screen,
        open_studies(told["rnaseq"], told["genes"], files.gene_info) as sources,
    ):
        ask_targets(
            screen,
            told["asked"],
            files.sets,
            sources,
            params.way,
            params.seed,
            dict(snakemake.output.items()),
        )
