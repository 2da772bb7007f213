"""Write the page on classifying drugs: where labels come from, the tasks, tests and experiments."""

from lacuna.classification.tables import (
    experiment_table,
    gain_sentences,
    paired_test_table,
    similarity_table,
    task_table,
    unconverged_sentence,
)
from lacuna.drawing.wording import with_spaces
from lacuna.io.tsv import read_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    sources, tasks, tests, similarity, experiments = (read_table(path) for path in snakemake.input)
    write_page(
        snakemake.output[0],
        f"Classes and targets of drugs: {snakemake.params.data}",
        [*gain_sentences(tests), unconverged_sentence(experiments)],
        [
            ("Where labels come from", with_spaces(sources)),
            ("Tasks, taken and skipped", task_table(tasks)),
            ("Gain by training on completed profiles", paired_test_table(tests, "gain")),
            (
                "Drugs without a measured profile against the others",
                paired_test_table(tests, "on_predicted"),
            ),
            (
                "Test drugs unlike the training drugs, against all of known structure",
                similarity_table(similarity),
            ),
            ("All experiments: area under the ROC curve", experiment_table(experiments)),
        ],
    )
