"""Of a simulated screen's sets, enrichment finds the planted ones and none of the controls."""

import numpy as np
import pandas as pd
import pytest

from lacuna.enrichment.preranked import enrich
from lacuna.simulation.biology import plant
from lacuna.simulation.parameters import CONTROL_SET, GENES, PLANTED_SET
from lacuna.simulation.write import make_signed_sets
from lacuna.vectors import unit_rows

SYMBOLS = np.array([f"SIMG{gene + 1:04d}" for gene in range(GENES)])
NOISE = 0.6  # its length, where the change has 1


@pytest.fixture(scope="module")
def asked():
    """What ten drugs that do something do in a cell, with noise, and what enrichment says."""
    rng = np.random.default_rng(1)
    biology = plant("clustered", 60, 4, 8, rng)
    strong = biology.drugs[biology.drugs["active"]].nlargest(10, "potency").index
    tables = []
    for drug in strong:
        sets = make_signed_sets(biology.programmes, SYMBOLS, rng)  # with controls of its own
        change = unit_rows(biology.change(drug, 0)[None])[0]
        noise = unit_rows(rng.normal(size=(1, GENES)))[0]
        found = enrich(pd.Series(change + NOISE * noise, SYMBOLS), sets, 300, 1)
        tables.append(found.assign(drug=drug))
    return biology, pd.concat(tables).set_index(["drug", "set"])


def test_what_a_drug_drives_is_found_at_the_right_end(asked):
    biology, found = asked
    scores, sure = [], []
    for drug in found.index.unique("drug"):
        response = biology.response[drug, 0]
        for number in np.flatnonzero(np.abs(response) > 0.5 * np.abs(response).max()):
            for end, sign in (("up", 1), ("down", -1)):
                row = found.loc[(drug, f"{PLANTED_SET}_{number + 1:02d}_{end}")]
                scores.append(row["nes"] * sign * np.sign(response[number]))
                sure.append(row["fdr"] < 0.05)
    assert len(scores) > 40
    assert min(scores) > 1
    assert np.mean(sure) > 0.85


def test_controls_are_found_no_more_often_than_by_chance(asked):
    _, found = asked
    controls = found[found.index.get_level_values("set").str.startswith(CONTROL_SET)]
    assert len(controls) == 240
    assert (controls["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert (controls["fdr"] < 0.05).mean() < 0.03
