"""Published numbers find their counterparts."""

import numpy as np
import pandas as pd
import pytest
from toy import clustered

from lacuna.evaluation.published import numbers_of_metrics
from lacuna.io.tsv import write_table
from lacuna.report import published
from lacuna.report.origin import Origin
from lacuna.report.published_table import published_note, published_table

PRINTED = pd.DataFrame(
    {
        "paper": "A 2018",
        "place": ["table 1", "figure 1", "figure 3", "supplement"],
        "what": ["profiles in MCF7", "specificity", "PCT", "something else"],
        "table": ["cells", "specificity", "metrics", "none"],
        "key": ["MCF7", "JNJ-38877605", "large/profiles/dnpp/pct", np.nan],
        "value": [1505, 1.05, 0.54, 0.3],
    }
)


def ours():
    metrics = pd.DataFrame(
        {
            "size": "large",
            "split": "profiles",
            "method": ["dnpp", "falrtc"],
            "metric": "pct",
            "value": [0.5, 0.6],
            "low": [0.45, 0.5],
            "high": [0.52, 0.7],
        }
    )
    other = pd.DataFrame(
        {"table": ["specificity", "cells"], "key": ["jnj-38877605", "mcf7"], "ours": [1.0, 2.0]}
    )
    return pd.concat([numbers_of_metrics(metrics), other])


def test_numbers_are_found_whatever_their_case_and_missing_ones_stay_empty():
    compared = published.compare(PRINTED, ours())
    assert compared["what"].tolist() == PRINTED["what"].tolist()
    assert np.allclose(compared["ours"], [2, 1.0, 0.5, np.nan], equal_nan=True)
    assert np.allclose(compared["difference"][:3], [-1503, -0.05, -0.04])
    assert compared.loc[2, ["low", "high"]].tolist() == [0.45, 0.52]


def test_a_difference_is_shown_on_the_papers_data_alone():
    compared = published.compare(PRINTED, ours())
    elsewhere = published_table(compared, is_papers_data=False)
    assert "difference" not in elsewhere
    assert len(elsewhere) == 3 and "not in this run" not in set(elsewhere["ours"])
    nobodys = Origin("", "level3", pd.DataFrame(), [])
    assert "no comparison" in published_note("demo", nobodys, "", ["A 2018"])
    theirs = Origin("A 2018", "tensor", pd.DataFrame(), [])
    assert "the data of A 2018" in published_note("mine", theirs, "", ["A 2018"])
    assert "the authors' own" in published_note("mine", theirs, "", ["A 2018"])
    there = published_table(compared, is_papers_data=True)
    assert there["difference"].tolist() == ["-1,503", "-0.05", "-0.04 *", ""]


def test_every_stage_gives_its_numbers_and_what_is_not_in_a_run_is_left_out(tmp_path):
    tensor = clustered()
    tensor.save(tmp_path / "large.h5")
    factors = pd.DataFrame({"cell": "c0", "fold_own": [1.0, 2.0]})
    write_table(factors, tmp_path / "factors.tsv")
    numbers = published.gather_numbers(
        {"large": [tmp_path / "large.h5"], "factors": [tmp_path / "factors.tsv"], "density": []}
    )
    assert list(numbers) == published.OURS
    ours = numbers.set_index(["table", "key"])["ours"]
    assert ours["observed", "large"] == pytest.approx(tensor.measured.mean())
    assert ours["cells", "c0"] == tensor.measured[:, 0].sum()
    assert ours["cell_to_cell", "factors/C0/fold"] == 1.5
    assert set(numbers["table"]) == {"observed", "cells", "cell_to_cell"}


def test_a_run_without_any_number_is_compared_too():
    numbers = published.gather_numbers({})
    assert list(numbers) == published.OURS
    compared = published.compare(PRINTED, numbers)
    assert compared["ours"].isna().all()
    assert len(compared) == len(PRINTED)
