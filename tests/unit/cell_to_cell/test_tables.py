"""The tables and sentences on the prediction from cell to cell."""

import numpy as np
import pandas as pd
from made_up import made_up
from toy import clustered

from lacuna.cell_to_cell.study import TEST, TRAINING, Study, divide, division_table
from lacuna.cell_to_cell.tables import division_note, variation_sentences, variation_table
from lacuna.cell_to_cell.variations import summarise


def test_conclusions_say_what_is_beyond_chance():
    settings = {"full": 0, "without dropout": -0.15, "without L1": 0, "without skip": 0.15}
    table = summarise("regularisation", made_up(settings, drugs=40), np.random.default_rng(0))
    families = summarise("families", made_up({"a": 0.1, "b": -0.6}), np.random.default_rng(0))
    both = pd.concat([table, families])
    analyses = ["regularisation", "unseen_cell", "families"]
    varied, unseen, held_out = variation_sentences(both, analyses)
    value = table["value"][0]
    said = [
        f"Regularisation: full has a mean correlation of {value:.3f} [",
        "] above the copy. Below full: without dropout (-0.1",
        "]). Above full: without skip (+0.1",
        "]). Not told by these drugs from full: without L1 (",
        "]). Of all 4 settings 4 lie above the copy, 0 below.",
    ]
    places_said = [varied.index(part) for part in said]
    assert places_said == sorted(places_said)
    assert unseen.endswith(": no test drug has a profile in a cell outside of the study.")
    assert held_out.startswith("Mechanism of action held out: Below the copy: b (-0.")
    assert "]). Above the copy: a (+0." in held_out


def test_tables_leave_out_what_there_is_not():
    families = summarise("families", made_up({"a": 0, "b": 0}), np.random.default_rng(0))
    assert not [name for name in variation_table(families) if name.startswith("against")]
    few = summarise("thinned", made_up({"none": 0, "c0": 0}, drugs=2), np.random.default_rng(0))
    shown = variation_table(few).set_index("setting")
    assert shown.loc["none", "against none, same profiles"] == ""
    assert shown.loc["c0", "Pearson r"].endswith(", too few drugs for an interval")


def test_the_page_says_who_was_divided():
    tensor = clustered(drugs=60)
    part = divide(tensor, np.array([0, 1, 3]), 30, np.random.default_rng(0))
    study = Study(tensor, part)
    note = division_note(division_table(study.tensor, study.part))
    training, test = study.take(TRAINING), study.take(TEST)
    assert note.startswith(
        f"Cells of the study: c0, c1, c3. Training: {len(set(training.drug))} drugs with "
        f"{len(training)} profiles; test: {len(set(test.drug))} other drugs with {len(test)}."
    )


def test_an_analysis_without_a_card_is_shown_as_it_is_called():
    rows = summarise("families", made_up({"a": 0.1}), np.random.default_rng(0))
    with_rows, without = variation_sentences(rows.assign(analysis="ours"), ["ours", "theirs"])
    assert with_rows.startswith("ours: Above the copy: a (+0.")
    assert without == "theirs: these data allow it no setting."


def test_of_too_few_drugs_there_is_no_verdict():
    rows = summarise("thinned", made_up({"none": 0, "c0": -0.5}, drugs=4), np.random.default_rng(0))
    (sentence,) = variation_sentences(rows, ["thinned"])
    assert "Of too few drugs to be told from none: c0 (-0.5" in sentence
    assert "Below" not in sentence
    assert sentence.endswith("Of 0 settings 0 lie above the copy, 0 below.")
