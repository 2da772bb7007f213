"""The evaluation's published numbers are found by what they are of."""

import pandas as pd
import pytest

from lacuna.evaluation.published import (
    numbers,
    numbers_of_density,
    numbers_of_metrics,
    numbers_of_similar,
)
from lacuna.io.tsv import write_table


def test_scores_are_found_by_size_split_method_and_metric():
    metrics = pd.DataFrame(
        {
            "size": "large",
            "split": "profiles",
            "method": ["dnpp", "falrtc"],
            "metric": "pct",
            "value": [0.5, 0.6],
            "low": [0.4, 0.5],
            "high": [0.6, 0.7],
        }
    )
    numbers = numbers_of_metrics(metrics).set_index("key")
    row = numbers.loc["large/profiles/falrtc/pct", ["ours", "low", "high"]]
    assert row.tolist() == [0.6, 0.5, 0.7]


def test_densities_have_the_spread_of_their_repeats():
    density = pd.DataFrame({"method": ["dnpp"], "percent": [60], "mean": [0.5], "sd": [0.1]})
    numbers = numbers_of_density(density).set_index("key")
    row = numbers.loc["dnpp/60", ["ours", "low", "high"]]
    assert row.tolist() == pytest.approx([0.5, 0.4, 0.6])


def test_a_run_gives_the_numbers_of_the_files_that_it_has(tmp_path):
    scores = {"size": "large", "split": "profiles", "method": "dnpp", "metric": "pct"}
    metrics = pd.DataFrame([scores | {"value": 0.5, "low": 0.4, "high": 0.6}])
    density = pd.DataFrame({"method": ["dnpp"], "percent": [60], "mean": [0.5], "sd": [0.1]})
    files = {}
    for name, table in {"metrics": metrics, "density": density}.items():
        files[name] = [tmp_path / f"{name}.tsv"]
        write_table(table, files[name][0])
    assert numbers({}).empty
    assert numbers({"metrics": files["metrics"]})["key"].tolist() == ["large/profiles/dnpp/pct"]
    assert numbers({"density": files["density"]})["key"].tolist() == ["dnpp/60"]
    assert numbers(files)["table"].tolist() == ["metrics", "density"]


def test_the_largest_similarity_is_found_by_the_drugs_name(tmp_path):
    similar = pd.DataFrame({"name": ["M3", "M3", "GNF-2"], "tanimoto": [0.29, 0.5, None]})
    found = numbers_of_similar(similar).set_index("key")["ours"]
    assert found["M3"] == 0.29
    assert list(found.index) == ["M3", "GNF-2"]
    write_table(similar, tmp_path / "similar.tsv")
    assert set(numbers({"most_similar": [tmp_path / "similar.tsv"]})["table"]) == {"most_similar"}
