"""The tasks of the classifiers: what counts as a negative, and what is skipped."""

import pandas as pd

from lacuna.classification.tasks import make_tasks


def test_a_drug_of_which_nothing_is_known_is_no_negative():
    labels = pd.DataFrame(
        {
            "drug": [f"d{i}" for i in range(30)],
            "atc_codes": ["L01|C02"] * 6 + ["N05"] * 8 + [None] * 16,
            "targets": [None] * 10 + ["ABC"] * 7 + ["DEF"] * 13,
        }
    )
    tasks, answers = make_tasks(labels, atc_classes=2, targets=5, min_drugs_per_target=10)
    known = answers.notna().sum()
    assert known["ATC N"] == 14
    assert answers["ATC N"].sum() == 8
    skipped = tasks.set_index("task")["skipped"]
    assert skipped["ATC N"] == skipped["ATC C"] == ""
    assert skipped["ATC L"] == "beyond the 2 most frequent"
    assert skipped["target ABC"] == "fewer than 10 drugs"
    assert skipped["target DEF"] == ""
    assert "target ABC" not in answers
    counts = tasks.set_index("task").loc["target DEF", ["positives", "negatives"]]
    assert counts.tolist() == [13, 7]


def test_classes_can_be_asked_for_and_skipped_ones_take_no_place():
    codes = ["L01"] * 18 + ["C02"] * 4 + ["N05|L01"] * 2
    labels = pd.DataFrame({"drug": [f"d{i}" for i in range(24)], "atc_codes": codes})
    labels["targets"] = ["ABC|DEF"] * 8 + ["ABC"] * 12 + ["DEF"] * 4
    tasks, answers = make_tasks(labels, atc_classes=["C", "N"], targets=1, min_drugs_per_target=5)
    skipped = tasks.set_index("task")["skipped"]
    assert skipped["ATC L"] == "not asked for"
    assert skipped["ATC C"] == "fewer than 5 drugs"
    assert skipped["target ABC"] == "fewer than 5 drugs without it"
    assert list(answers) == ["target DEF"]


def test_a_symbol_and_an_id_that_may_be_one_gene_make_no_negative():
    targets = ["KNOWN"] * 6 + ["FOREIGN"] * 6 + ["Entrez 99"] * 6 + ["Entrez 99|FOREIGN"]
    labels = pd.DataFrame({"drug": [f"d{i}" for i in range(19)], "targets": targets})
    tasks, answers = make_tasks(
        labels.assign(atc_codes=None),
        atc_classes=0,
        targets=3,
        min_drugs_per_target=5,
        symbols={"KNOWN", "OTHER"},
    )
    known, foreign, by_id = ([1.0] * 6, [0.0] * 6, [float("nan")] * 6)
    expected = {
        "target KNOWN": [*known, *foreign, *foreign, 0.0],  # its id is known: it is no 99
        "target FOREIGN": [*foreign, *known, *by_id, 1.0],
        "target Entrez 99": [*foreign, *by_id, *known, 1.0],
    }
    for task, answer in expected.items():
        pd.testing.assert_series_equal(
            answers[task].reset_index(drop=True), pd.Series(answer, name=task)
        )
    counts = tasks.set_index("task")[["positives", "negatives"]]
    assert counts.loc["target KNOWN"].tolist() == [6, 13]
    assert counts.loc["target FOREIGN"].tolist() == [7, 6]
    assert (tasks["skipped"] == "").all()
