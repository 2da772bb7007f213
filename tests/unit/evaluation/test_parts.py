"""PCT of each drug, cell and gene, against the definition."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predicted import noisy_predictions, unit
from scipy.stats import pearsonr
from toy import clustered

from lacuna.evaluation.parts import part_table, score_parts


@pytest.fixture(scope="module")
def scored():
    held = noisy_predictions(drugs=24)
    return held, clustered(drugs=24), score_parts(held, clustered(24), np.random.default_rng(0))


def test_a_part_is_the_correlation_of_its_entries(scored):
    held, tensor, table = scored
    predicted = unit(held.predicted)
    found = table.set_index(["part", "name"])["pct"]
    for part, names, index in (
        ("drug", tensor.drugs, held.drug),
        ("cell", tensor.cells, held.cell),
    ):
        for number in np.unique(index):
            rows = index == number
            expected = pearsonr(held.truth[rows].ravel(), predicted[rows].ravel())[0]
            assert found[part, names[number]] == pytest.approx(expected, abs=1e-5)
            row = table[(table["part"] == part) & (table["name"] == names[number])]
            assert row["profiles"].item() == rows.sum()
    for number, gene in enumerate(tensor.genes):
        expected = pearsonr(held.truth[:, number], predicted[:, number])[0]
        assert found["gene", gene] == pytest.approx(expected, abs=1e-5)
    assert len(table) == len(np.unique(held.drug)) + len(np.unique(held.cell)) + len(tensor.genes)


def test_intervals_are_of_drugs_drawn_anew(scored):
    held, tensor, table = scored
    of_drugs = table[table["part"] == "drug"]
    assert of_drugs[["low", "high"]].isna().all(axis=None)
    others = table[table["part"] != "drug"]
    assert (others["low"] < others["pct"]).all()
    assert (others["pct"] < others["high"]).all()
    # By drawing drugs and correlating again, the first gene.
    rng, predicted = np.random.default_rng(1), unit(held.predicted)
    again = []
    for _ in range(500):
        drawn = rng.choice(np.unique(held.drug), len(np.unique(held.drug)))
        rows = np.concatenate([np.flatnonzero(held.drug == drug) for drug in drawn])
        again.append(pearsonr(held.truth[rows, 0], predicted[rows, 0])[0])
    gene = table[table["name"] == tensor.genes[0]].iloc[0]
    assert [gene["low"], gene["high"]] == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.1)


def test_a_cell_with_few_drugs_has_no_interval():
    held = noisy_predictions()
    cell = np.where(held.drug < 3, 1, 0)
    table = score_parts(replace(held, cell=cell), clustered(), np.random.default_rng(0))
    of_cells = table[table["part"] == "cell"].set_index("name")
    assert of_cells["low"].isna().tolist() == [False, True]


def test_methods_stand_side_by_side(scored):
    _, _, table = scored
    both = pd.concat([table.assign(method="b"), table.assign(method="dnpp", pct=-table["pct"])])
    wide = part_table(both, "cell")
    assert list(wide) == ["cell", "profiles", "b", "DNPP"]
    expected = table.loc[table["part"] == "cell", ["name", "profiles", "pct"]]
    assert (
        wide[["cell", "profiles", "b"]].to_numpy().tolist() == expected.round(3).to_numpy().tolist()
    )
    assert wide["DNPP"].tolist() == (-wide["b"]).tolist()
