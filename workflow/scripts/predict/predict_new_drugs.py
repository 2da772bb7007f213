"""Predict the drugs of the user's table by their structure, and say what to expect of that."""

from dataclasses import replace

from lacuna.completion.registry import method_label
from lacuna.io.tsv import read_table, write_table
from lacuna.predict.answer import Answer
from lacuna.predict.new_drugs import read_new_drugs
from lacuna.predict.pages import page_table
from lacuna.predict.run import Run
from lacuna.predict.said import general_sentences
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    (path,) = snakemake.input.new
    run = replace(
        Run.read(dict(snakemake.input.items()), read_table(snakemake.input.accuracy)),
        facts={"dataset": snakemake.wildcards.dataset, "simulated": snakemake.params.simulated},
    )
    answer = Answer.to(read_new_drugs(path), run, path)
    answer.write(snakemake.output.gctx)
    table = answer.table()
    write_table(table, snakemake.output.drugs)
    write_page(
        snakemake.output.page,
        f"Drugs known by structure alone: {snakemake.params.data}",
        general_sentences(run.accuracy, method_label(run.model.name)),
        page_table(table, run.accuracy),
    )
