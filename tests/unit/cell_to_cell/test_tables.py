"""The tables and sentences on the prediction from cell to cell."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from studied import inchi_key, studied
from toy import clustered

from lacuna.cell_to_cell.study import TEST, TRAINING, division_table
from lacuna.cell_to_cell.tables import division_note, variation_sentences, variation_table
from lacuna.cell_to_cell.variations import summarise as summarise_scores

SWITCHED = {"full": 0, "without dropout": -0.15, "without L1": 0, "without skip": 0.15}


def summarise(analysis, scores):
    return summarise_scores(analysis, scores, partial(np.random.default_rng, 0))


def test_conclusions_say_what_is_beyond_chance():
    scores = made_up(SWITCHED, drugs=40, repeats=3, reference="full")
    table = summarise("regularisation", scores)
    families = summarise("families", made_up({"a": 0.1, "b": -0.6}))
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


def test_of_one_training_each_there_is_no_verdict():
    table = summarise("regularisation", made_up(SWITCHED, drugs=40, reference="full"))
    (said,) = variation_sentences(table, ["regularisation"])
    assert "Below full" not in said and "Above full" not in said
    assert "One training each, so no verdict against full: without dropout (-0.1" in said
    # Two inputs of one and the same training differ by no chance of a training.
    scores = made_up({"cells of the study": 0, "c7": -0.3}, 40, reference="cells of the study")
    table = summarise("unseen_cell", scores.assign(training="full"))
    (said,) = variation_sentences(table, ["unseen_cell"])
    assert "Below cells of the study: c7 (-0.3" in said


def test_where_seeds_alone_differ_as_much_no_verdict_is_drawn():
    """Each of three trainings is another 0.15 off: -0.15 of a setting may be all seeds."""
    settings = {"full": 0, "without dropout": -0.15}
    scores = made_up(settings, drugs=40, repeats=3, reference="full", between=0.15, seed=3)
    (said,) = variation_sentences(summarise("regularisation", scores), ["regularisation"])
    assert "Below" not in said and "Not told by these drugs from full: without dropout" in said
    once = scores[scores["repeat"] == 1]
    row = summarise("regularisation", once).query("setting == 'without dropout'").iloc[0]
    assert row["difference_high"] < 0 or row["difference_low"] > 0  # drugs alone would tell


def test_each_direction_is_told_where_the_answer_may_differ():
    scores = made_up({"none": 0, "MCF7": 0}, drugs=40, repeats=3, reference="none")
    harmed = scores["setting"].eq("MCF7") & scores["cell"].eq("c0")
    scores.loc[harmed, "pearson"] -= 0.3
    (said,) = variation_sentences(summarise("thinned", scores), ["thinned"])
    assert "Into c0: Below none: MCF7 (-0." in said
    assert "Into c1: Not told by these drugs from none: MCF7 (" in said
    (said,) = variation_sentences(
        summarise("regularisation", scores).assign(analysis="regularisation"), ["regularisation"]
    )
    assert "Into" not in said


def test_types_are_compared_each_with_its_own():
    names = ["trt_sh, trained alone", "trt_sh, trained together"]
    names += [name.replace("trt_sh", "trt_cp") for name in names]
    scores = made_up(dict.fromkeys(names, 0), drugs=40, repeats=3)
    scores["reference"] = scores["setting"].str[:6] + ", trained alone"
    scores.loc[scores["setting"] == names[1], "pearson"] += 0.3
    (said,) = variation_sentences(summarise("loss_of_function", scores), ["loss_of_function"])
    assert "Above trt_sh, trained alone: trt_sh, trained together (+0." in said
    assert "Not told by these drugs from trt_cp, trained alone: trt_cp, trained together" in said


def test_tables_leave_out_what_there_is_not():
    families = summarise("families", made_up({"a": 0, "b": 0}))
    assert not [name for name in variation_table(families) if name.startswith("against")]
    few = summarise("thinned", made_up({"none": 0, "c0": 0}, drugs=2, reference="none"))
    shown = variation_table(few).set_index(["setting", "into"])
    assert shown.loc[("none", "all"), "against none, same profiles"] == ""
    assert shown.loc[("c0", "all"), "Pearson r"].endswith(", too few drugs for an interval")
    assert shown.loc[("c0", "c1"), "from"] == "c0"
    assert shown.loc[("c0", "all"), "from"] == "several cells"
    many = summarise("thinned", made_up({"none": 0, "c0": 0}, cells=5, reference="none"))
    assert variation_table(many)["into"].eq("all").all()


@pytest.mark.parametrize(
    ("repeats", "said"),
    [(1, "no verdict is drawn on two trainings"), (2, "intervals are wide"), (5, "made 5 times")],
)
def test_the_page_says_who_was_divided_and_what_intervals_hold(repeats, said):
    study = studied(clustered(drugs=60))
    note = division_note(division_table(study), repeats)
    training, test = study.take(TRAINING), study.take(TEST)
    assert note.startswith(
        f"Cells of the study: c0, c1, c3. Training: {len(set(training.drug))} drugs with "
        f"{len(training)} profiles; test: {len(set(test.drug))} other drugs with {len(test)}."
    )
    assert said in note


def test_the_page_counts_twins_and_other_types():
    tensor = clustered(drugs=80)
    types = np.where(np.arange(80) % 4 == 0, "trt_sh", "trt_cp")
    keys = [inchi_key(n // 2) for n in range(80)]
    drugs = pd.DataFrame({"drug": tensor.drugs, "pert_type": types, "inchi_key": keys})
    study = studied(tensor, drugs=drugs)
    note = division_note(division_table(study), 1)
    twins = len({*study.take("twin of a test drug").drug})
    others = len({*study.take("test, other type").drug})
    assert f"neither trained on nor tested: {twins}." in note
    assert "in `loss_of_function` alone: training" in note and f"test {others}." in note


def test_an_analysis_without_a_card_is_shown_as_it_is_called():
    rows = summarise("families", made_up({"a": 0.1}))
    with_rows, without = variation_sentences(rows.assign(analysis="ours"), ["ours", "theirs"])
    assert with_rows.startswith("ours: Above the copy: a (+0.")
    assert without == "theirs: these data allow it no setting."


def test_of_too_few_drugs_there_is_no_verdict():
    scores = made_up({"none": 0, "c0": -0.5}, drugs=4, repeats=3, reference="none")
    (sentence,) = variation_sentences(summarise("thinned", scores), ["thinned"])
    assert "Of too few drugs to be told from none: c0 (-0.5" in sentence
    assert "Below" not in sentence
    assert "Of 0 settings 0 lie above the copy, 0 below." in sentence
