"""What the page on a translation says."""

import numpy as np
import pandas as pd

from lacuna.translation.assess import ALL, BASELINE, LANDMARKS, MEAN, NEW, RANDOM, TRUE
from lacuna.translation.tables import chain_label, chain_table, sections, sentences

CHAINS = {
    BASELINE: 1.2,
    ("moments", "end_to_end"): 0.9,
    (MEAN, MEAN): 1.5,
    (RANDOM, RANDOM): 2.0,
    (TRUE, "ridge"): 0.5,  # which is no chain of ours
}


def metrics():
    rows = [
        (first, second, genes, metric, value, value - 0.1, value + 0.1)
        for (first, second), value in CHAINS.items()
        for genes in (ALL, NEW, LANDMARKS)
        for metric in ("pearson", "rmse")
    ]
    rows.append(("moments", "end_to_end", ALL, "better_rmse", 0.75, np.nan, np.nan))
    return pd.DataFrame(
        rows, columns=["first", "second", "genes", "metric", "value", "low", "high"]
    )


def lead(high):
    return pd.DataFrame(
        {
            "first": ["moments"],
            "second": ["end_to_end"],
            "genes": [ALL],
            "metric": ["rmse"],
            "value": [-0.3],
            "low": [-0.5],
            "high": [high],
        }
    )


def test_the_best_chain_stands_beside_the_mean_profile_and_the_baseline():
    said = " ".join(sentences(metrics(), lead(-0.1), BASELINE))
    assert "Of 2 chains, Moments + end to end has the lowest RMSE" in said
    assert "0.900 [0.800, 1.000]" in said
    assert "1.500 [1.400, 1.600]" in said
    assert "by 0.300 [0.100, 0.500]." in said
    assert "The model written is Ratio + Ridge" in said
    assert "may be chance" in " ".join(sentences(metrics(), lead(0.1), BASELINE))
    assert "baseline" not in " ".join(sentences(metrics(), lead(0.1)[:0], BASELINE))


def test_a_row_per_chain_with_controls_and_no_interval_of_shares():
    table = chain_table(metrics().query("genes == 'all'")).set_index("chain")
    assert list(table.index) == [chain_label(*names) for names in CHAINS]
    assert table.loc["Moments + end to end", "share of genes below the baseline's RMSE"] == "0.750"
    assert table.loc["control: mean profile", "share of genes below the baseline's RMSE"] == ""


def test_every_table_of_the_page_has_its_heading():
    left_out = pd.DataFrame(
        {
            "step": ["ridge", "mean_profile", "ratio/end_to_end"],
            "metric": "rmse",
            "value": [1.0, 2.0, 3.0],
            "low": [0.9, 1.9, 2.9],
            "high": [1.1, 2.1, 3.1],
        }
    )
    coverage = pd.DataFrame(
        {
            "errors": ["from true landmarks", "with pairs"],
            "tercile": ["low", "low"],
            "value": [0.7, 0.9],
            "low": [0.6, 0.8],
            "high": [0.8, 1.0],
        }
    )
    samples = pd.DataFrame({"source": ["a"], "step": ["in the file"], "samples": [3]})
    tables = {
        "metrics": metrics(),
        "left_out": left_out,
        "coverage": coverage,
        "samples": samples,
    }
    shown = dict(sections(tables))
    assert shown["Step 2 on studies left out, from true landmarks"]["step"].tolist() == [
        "Ridge",
        "control: mean profile",
        "Ratio + end to end",
    ]
    held = shown["Share of genes inside 90 % intervals, on the pairs"].set_index("errors")
    assert held.loc["with pairs", "low expression"] == "0.900 [0.800, 1.000]"
    assert len(shown) == 6
    tables["coverage"] = coverage[:0]
    assert len(sections(tables)) == 5
    units = left_out[:2].assign(unit="counts", samples=7, judged_on="pairs")
    by_unit = dict(sections(tables | {"units": units}))
    (heading,) = (name for name in by_unit if "unit" in name)
    assert by_unit[heading]["trained on"].tolist() == ["counts (7 samples)"] * 2
    assert by_unit[heading]["rmse"].tolist() == ["1.000 [0.900, 1.100]", "2.000 [1.900, 2.100]"]
