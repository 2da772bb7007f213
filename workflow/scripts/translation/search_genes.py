"""Make signatures of translated wells, and find those that move each gene most."""

from lacuna.runtime.job import job
from lacuna.translation.model import load_model
from lacuna.translation.signature_jobs import open_screen, search

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    with open_screen(dict(files.items()), load_model(files.model), None) as screen:
        search(
            screen,
            params.types,
            params.way,
            params.shown,
            params.cells,
            dict(snakemake.output.items()),
        )
