"""Draw one figure by the module of its name, and keep the table that it draws."""

from importlib import import_module

from lacuna.drawing.style import save_figure
from lacuna.runtime.job import job

with job(snakemake):
    make = import_module(snakemake.params.module).make
    figure, table = make(dict(snakemake.input.items()), dict(snakemake.params.items()))
    save_figure(figure, table, snakemake.output)
