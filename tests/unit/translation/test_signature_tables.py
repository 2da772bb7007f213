"""What the page on signatures says."""

import numpy as np
import pandas as pd

from lacuna.translation.signature_tables import sections, sentences
from lacuna.translation.studies import METRICS


def tables():
    bridges = pd.DataFrame({"control": ["shuffled genes", "other wells"] * 2})
    bridges = bridges.assign(walk=["unweighted"] * 2 + ["weighted"] * 2, p=[0.001, 0.8, 0.5, 0.5])
    facts = {"drug": "dexamethasone", "set": "NR3C1", "universe": "model_only"}
    facts |= {"platform": "translated", "method": "cd", "signatures": 2}
    bridges = bridges.assign(**facts, genes=100, targets=9, peak=0.25)
    library = pd.DataFrame({"set": ["A", "NR3C1", "B"], "rank": [1, 2, 3]})
    library = library.assign(asked=[False, True, False], walk="weighted", peak=0.5)
    library = library.assign(p_adjusted=0.04, drug="dexamethasone", platform="L1000")
    rows = [
        (platform, signature, study, metric, 0.1 * place + (study == "two"), p)
        for platform, signature, p in (
            ("translated", "mean", 0.02),
            ("translated", "batch 1", 0.5),
            ("study", "three", np.nan),
            ("study", "four", np.nan),
        )
        for study in ("one", "two")
        for place, metric in enumerate(METRICS)
    ]
    names = ["platform", "signature", "study", "metric", "value", "p"]
    studies = pd.DataFrame(rows, columns=names)
    studies = studies.assign(drug="dexamethasone", method="cd", universe="all", genes=50)
    downs = pd.DataFrame({"signature": ["s1", "s2"], "target": ["G1", "G2"]})
    downs = downs.assign(rank_before=[3, np.nan], genes_before=101, share_before=[0.02, np.nan])
    downs = downs.assign(rank_after=[1, 50], genes_after=201, share_after=[0.0, 0.25])
    return {"bridges": bridges, "library": library, "studies": studies, "knock_downs": downs}


def test_both_p_of_a_bridge_stand_beside_each_other():
    shown = dict(sections(tables()))
    [row] = shown["Targets among the strongest genes of a drug's signatures"].to_dict("records")
    assert (row["p, other wells"], row["p, shuffled genes"]) == ("0.8", "0.001")
    assert (row["peak"], row["universe"]) == ("0.250", "model only")
    alone = tables()
    alone["bridges"] = alone["bridges"].query("control == 'shuffled genes'")
    [row] = sections(alone)[0][1].to_dict("records")
    assert row["p, other wells"] == ""


def test_the_rank_of_the_set_asked_for_is_among_all():
    [row] = dict(sections(tables()))["Where the targets stand among all sets of genes"].to_dict(
        "records"
    )
    assert (row["set"], row["rank"], row["p adjusted"]) == ("NR3C1", "2 of 3", "0.04")


def test_studies_have_a_row_for_each_platform_and_one_of_the_other_studies():
    table = dict(sections(tables()))["Against RNA-seq studies of the same drug, by CD"]
    assert table[["study", "platform"]].to_numpy().tolist() == [
        ["one", "translated"],
        ["one", "other studies"],
        ["two", "translated"],
        ["two", "other studies"],
    ]
    assert table["Spearman r"].tolist() == ["0.100, p 0.02", "0.100", "1.100, p 0.02", "1.100"]


def test_knocked_down_genes_are_ranked_before_and_after():
    table = dict(sections(tables()))["Ranks of knocked-down genes, the most lowered first"]
    assert table["before translation"].tolist() == ["3 of 101", "not measured"]
    assert table["after translation"].tolist() == ["1 of 201", "50 of 201"]
    said = " ".join(sentences(tables()))
    assert "Of 1 knock-downs whose target is measured" in said
    assert "below all but 2.0% of the genes before translation, and all but 0.0% after" in said


def test_what_was_not_made_is_left_out():
    assert sections({}) == []
    assert sentences({}) == []
    only = {"knock_downs": tables()["knock_downs"]}
    assert len(sections(only)) == 1
    assert "random signatures" not in " ".join(sentences(only))
    assert len(sections(tables() | {"studies": tables()["studies"][:0]})) == 3
