"""Make signatures of translated wells, and find those that move each gene most."""

from lacuna.runtime.script_log import log_script
from lacuna.translation.model import load_model
from lacuna.translation.signature_jobs import open_screen, search

with log_script(snakemake.log[0]):
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
