"""Published numbers of retrieval find their counterparts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lacuna.io.tsv import write_table
from lacuna.report.published import compare, gather_numbers
from lacuna.retrieval.introspect import regressions
from lacuna.retrieval.metrics import METRICS, metrics_table
from lacuna.retrieval.ranks import find
from lacuna.retrieval.score_jobs import MAIN

ROOT = Path(__file__).parents[3]
PUBLISHED = pd.read_csv(ROOT / "resources/published.tsv", sep="\t").query("table == 'retrieval'")


def test_both_tables_of_the_paper_and_the_notebook_are_there():
    count = PUBLISHED.groupby(["paper", "place"]).size()
    assert count["Finlayson 2021", "table 1"] == 13 * 4
    assert count["Finlayson 2021", "table 2"] == 4 * 4
    assert count["Finlayson 2021, notebook", "table 1, run again by the authors"] == 7 * 4
    values = PUBLISHED.set_index(["paper", "key"])["value"]
    assert values["Finlayson 2021", "aligned/aligned/correlation/median_rank"] == 126
    assert values["Finlayson 2021", "raw/morgan/cca/mrr"] == 0.027
    assert values["Finlayson 2021, notebook", "raw/morgan/cca/mrr"] == 0.04
    assert values["Finlayson 2021", "raw/test_line/oracle/hits_100"] == 0.565


def test_keys_name_what_the_stage_has():
    keys = PUBLISHED["key"].str.split("/")
    tables = keys[keys.str.len() == 4]
    assert {key[0] for key in tables} == {"raw", "aligned"}
    assert {key[3] for key in tables} <= set(METRICS)
    assert {key[2] for key in tables} == {"double_nearest", "cca", "correlation", "oracle"}
    lines = {key[1] for key in tables if key[2] == "oracle"}
    assert lines == {"training_lines", "test_line"}
    assert {key[0] for key in keys[keys.str.len() == 3]} == {"minus_log_mrr", "rank"}


def test_numbers_of_a_run_are_found(tmp_path):
    truth = np.arange(30)
    found = find(np.random.default_rng(0).random((30, 30)), truth)
    table = metrics_table({"cca": found}, truth, 1)
    asked = table.assign(profile="raw", molecule="morgan", **MAIN._asdict())
    other = asked.assign(level="drug", value=0.0)  # of another question
    write_table(pd.concat([other, asked, other]), tmp_path / "metrics.tsv")
    known = pd.DataFrame({"drug": truth, "aligned_molecule_distance": truth / 30})
    known = known.assign(minus_log_mrr=np.log(found.rank), median_rank=found.rank)
    fits = regressions(known, ["aligned_molecule_distance"], np.random.default_rng(0))
    write_table(fits, tmp_path / "regressions.tsv")
    files = {
        "retrieval": [tmp_path / "metrics.tsv"],
        "retrieval_regressions": [tmp_path / "regressions.tsv"],
    }
    compared = compare(PUBLISHED, gather_numbers(files)).set_index(["paper", "what"])
    row = compared.loc["Finlayson 2021", "raw profiles, Morgan fingerprints, CCA: MRR"]
    value = table.set_index("metric")["value"]
    assert row["ours"] == pytest.approx(value["mrr"])
    assert row["low"] < row["ours"] < row["high"]
    notebook = compared.loc["Finlayson 2021, notebook"]["ours"].dropna()
    assert len(notebook) == 4 + 2  # CCA's scores of the table, slope and r of a regression
    assert compared["ours"].notna().sum() == 2 * 4 + 2


def test_a_run_without_retrieval_has_none():
    assert gather_numbers({}).query("table == 'retrieval'").empty
