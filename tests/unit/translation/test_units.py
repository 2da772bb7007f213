"""Samples of two units, of which one tells what the pairs obey."""

import anndata
import numpy as np
import pandas as pd
import pytest
from bilingual import bilingual

from lacuna.translation.assess import Paired
from lacuna.translation.units import LEFT_OUT, PAIRS, compare_units


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    world, other = (bilingual(np.random.default_rng(seed), samples=160) for seed in (3, 4))
    genes = [f"G{number}" for number in range(world.genome.shape[1])]
    obs = pd.DataFrame(
        {
            "source": np.repeat(["reads", "abundances"], 160),
            "study": [f"s{number}" for number in np.arange(320) // 20],
        },
        index=[f"x{number}" for number in range(320)],
    )
    whole = np.concatenate([world.whole.genome, other.whole.genome])
    anndata.AnnData(whole, obs, pd.DataFrame(index=genes)).write_h5ad(folder / "rnaseq.h5ad")
    wells = pd.DataFrame({"replicate_of": "", "cell": "a"}, index=[f"w{n}" for n in range(160)])
    l1000 = anndata.AnnData(world.steps.l1000, wells, pd.DataFrame(index=genes[:12]))
    l1000.write_h5ad(folder / "l1000.h5ad")
    paired = Paired(
        names=pd.Index(range(50)).astype(str),
        seen=world.seen,
        real=world.genome,
        group=np.arange(50) // 2,
        kind=np.full(50, "line"),
        mean=whole.mean(axis=0),
        landmarks_at=np.arange(12),
    )
    units = {"reads": "counts", "abundances": "tpm"}
    files = str(folder / "l1000.h5ad"), str(folder / "rnaseq.h5ad")
    return compare_units(*files, units, paired, seed=1), compare_units(*files, units, None, 1)


def rmse(table, **where):
    rows = table[table["metric"] == "rmse"]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows["value"].item()


def test_a_unit_is_trained_on_its_own_samples(table):
    table, _ = table
    assert table.groupby("unit")["samples"].first().to_dict() == {
        "all": 320,
        "counts": 160,
        "tpm": 160,
    }
    own = rmse(table, unit="counts", judged_on=PAIRS, step="ridge")
    other = rmse(table, unit="tpm", judged_on=PAIRS, step="ridge")
    assert own < 0.2 * other
    assert own < rmse(table, unit="all", judged_on=PAIRS, step="ridge")


def test_the_mean_profile_of_the_same_samples_stands_beside(table):
    table, _ = table
    for unit in ("counts", "tpm"):
        left = {"unit": unit, "judged_on": LEFT_OUT}
        assert rmse(table, **left, step="ridge") < 0.3 * rmse(table, **left, step="mean_profile")
    found = table[(table["metric"] == "identified") & (table["unit"] == "counts")]
    assert found.set_index("step")["value"].to_dict() == {"ridge": 1.0, "mean_profile": 0.0}


def test_without_pairs_studies_left_out_are_what_there_is(table):
    _, alone = table
    assert set(alone["judged_on"]) == {LEFT_OUT}
    assert set(alone["unit"]) == {"counts", "tpm", "all"}
