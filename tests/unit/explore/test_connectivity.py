"""Searches in a planted product, against definitions written out plainly."""

import numpy as np
import pandas as pd
import pytest
from indexed import CLASSES, planted_index, product_of
from scipy.stats import false_discovery_control, mannwhitneyu

from lacuna.errors import DamagedFile, LacunaError
from lacuna.explore.connectivity import (
    by_drug,
    by_mechanism,
    cosine,
    maximum_quantile,
    search,
    weighted_connectivity,
)
from lacuna.explore.query import query_profile, query_sets, query_values
from lacuna.explore.reference import COSINE, SCORES, WEIGHTED

DRUGS, CELLS = 24, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def index(folder):
    with planted_index(folder, drugs=DRUGS, cells=CELLS) as found:
        yield found


@pytest.fixture(scope="module")
def units(index, folder):
    profiles = product_of(folder).astype(float)
    return profiles / np.linalg.norm(profiles, axis=1, keepdims=True)


def test_cosines_are_those_of_the_product(index, units):
    rng = np.random.default_rng(0)
    whole, few = rng.normal(size=40), np.zeros(40)
    few[[3, 8, 11]] = [1, -2, 0.5]
    for query in (whole, few):
        expected = units @ query / np.linalg.norm(query)
        assert cosine(index, query) == pytest.approx(expected, abs=1e-6)
        assert cosine(index, 7 * query) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("score", SCORES)
def test_every_profile_finds_itself_first(index, score):
    for position in range(0, DRUGS * CELLS, 7):
        found = search(index, query_profile(index, position), score)
        assert found.index[0] == position
        assert found["score"].iloc[0] == pytest.approx(1, abs=1e-4)
        assert found["score"].is_monotonic_decreasing
        assert sorted(found.index) == list(range(DRUGS * CELLS))


@pytest.mark.parametrize("score", SCORES)
def test_a_query_turned_round_turns_all_signs(index, score):
    up, down = ["g1", "g2", "g3", "g9"], ["g4", "g5", "g6", "g7", "g8"]
    found = search(index, query_sets(index, up, down), score).sort_index()
    turned = search(index, query_sets(index, down, up), score).sort_index()
    assert found["score"].to_numpy() == pytest.approx(-turned["score"].to_numpy(), abs=1e-7)
    assert found["p"].to_numpy() == pytest.approx(turned["p"].to_numpy(), rel=1e-4)
    assert (np.sign(found["tau"]) == -np.sign(turned["tau"])).all()


def test_one_set_alone_is_asked_too(index):
    genes = ["g1", "g2", "g3"]
    for score in SCORES:
        up = search(index, query_sets(index, genes), score).sort_index()["score"]
        down = search(index, query_sets(index, (), genes), score).sort_index()["score"]
        assert up.to_numpy() == pytest.approx(-down.to_numpy(), abs=1e-7)
        assert up.abs().max() > 0.2


@pytest.mark.parametrize("score", SCORES)
def test_drugs_of_the_class_mimic_a_query_in_all_cells(index, score):
    # What class 1 does on average over its measured profiles in the first cell.
    profiles = index.profiles
    mine = (profiles["drug"] % CLASSES == 1) & (profiles["cell"] == 0)
    query = query_values(
        index,
        dict(
            zip(index.genes["gene"], index.units[:, mine].mean(axis=1).astype(float), strict=True)
        ),
    )
    found = search(index, query, score)
    drugs = by_drug(index, found)
    assert set(drugs["drug"][:6]) == {f"d{number}" for number in range(1, DRUGS, CLASSES)}
    mechanisms = by_mechanism(drugs)
    assert mechanisms["moa"][0] == "mechanism 1"
    assert mechanisms["p"].idxmin() == 0
    assert mechanisms["fdr"][0] < 0.01
    of_class = found[found["drug"].isin(drugs["drug"][:6])]
    assert of_class["tau"].median() > 80
    assert of_class["fdr"].median() < 0.05


def test_a_row_says_whose_profile_it_is(index):
    found = search(index, query_sets(index, ["g1", "g2"], ["g3"]))
    for position, row in found.head(20).iterrows():
        drug, cell = divmod(position, CELLS)
        assert (row["drug"], row["name"], row["cell"]) == (f"d{drug}", f"name d{drug}", f"c{cell}")
        assert row["source"] == index.profiles["source"][position]
    assert found["fdr"].to_numpy() == pytest.approx(false_discovery_control(found["p"]))
    for name in ("expected_r", "tier"):
        expected = index.profiles[name].loc[found.index]
        assert found[name].equals(expected)
    assert set(found["tier"]) > {"excellent", ""}


def test_normalised_scores_divide_by_those_of_their_sign_in_cell_and_source(index):
    found = search(index, query_sets(index, ["g1", "g2", "g7"], ["g3", "g11"]), COSINE)
    keys = [found["cell"], found["source"], np.sign(found["score"])]
    means = found.groupby(keys, observed=True)["score"].transform("mean").abs()
    plain = found["score"] / means
    # With so few profiles the means are drawn towards their usual level; in order they agree.
    assert np.sign(plain).equals(np.sign(found["ncs"]))
    assert np.corrcoef(plain, found["ncs"])[0, 1] > 0.9


def test_unknown_scores_are_refused(index):
    with pytest.raises(LacunaError, match=r"no score 'cosin' \(did you mean 'cosine'\?\)"):
        search(index, query_sets(index, ["g1"]), "cosin")


def test_a_search_says_the_same_each_time(index):
    query = query_sets(index, ["g1", "g2", "g7"], ["g3", "g11"])
    for score in SCORES:
        assert search(index, query, score).equals(search(index, query, score))


@pytest.mark.fault("ask for genes whose rows of the index are damaged", "refused by name")
def test_damaged_rows_are_not_asked(index, monkeypatch):
    monkeypatch.setitem(index._sums, "ranks", index._sums["ranks"] ^ 1)
    with pytest.raises(DamagedFile, match="ranks of gene 'g1'"):
        weighted_connectivity(index, [1], [2])
    monkeypatch.setitem(index._sums, "units", index._sums["units"] ^ 1)
    with pytest.raises(DamagedFile, match="units of gene 'g3'"):
        cosine(index, np.eye(40)[3])


# Summaries


def test_the_maximum_quantile_is_the_third_further_from_0():
    ncs = pd.Series([1.0, 2, 3, 4, -9, -1, 0, 1, 2, 5])
    group = ["a"] * 4 + ["b"] * 5 + ["c"]
    found = maximum_quantile(ncs, group)
    assert found["a"] == pytest.approx(np.quantile([1, 2, 3, 4], 2 / 3))
    b = [-9, -1, 0, 1, 2]
    low, high = np.quantile(b, 1 / 3), np.quantile(b, 2 / 3)
    assert found["b"] == pytest.approx(high if abs(high) >= abs(low) else low)
    assert found["c"] == 5


def test_a_drug_is_summed_up_over_its_cells(index):
    found = search(index, query_sets(index, ["g1", "g2", "g7"], ["g3", "g11"]))
    drugs = by_drug(index, found)
    assert drugs["ncs"].is_monotonic_decreasing
    assert len(drugs) == DRUGS
    for row in drugs.itertuples():
        mine = found[found["drug"] == row.drug]
        low, high = np.quantile(mine["ncs"], [1 / 3, 2 / 3])
        assert row.ncs == pytest.approx(high if abs(high) >= abs(low) else low)
        assert (row.cells, row.measured) == (CELLS, (mine["source"] == "measured").sum())
        best = mine.loc[mine["ncs"].abs().idxmax()]
        assert (row.best_cell, row.best_source) == (best["cell"], best["source"])
        assert (row.best_score, row.best_tau) == (best["score"], best["tau"])
        assert row.moa == f"mechanism {int(row.drug[1:]) % CLASSES}"


def test_some_rows_alone_are_summed_up_too(index):
    found = search(index, query_sets(index, ["g1", "g2"], ["g3"]))
    part = found[(found["cell"] == "c1") & (found["source"] == "measured")]
    drugs = by_drug(index, part)
    assert set(drugs["drug"]) == set(part["drug"])
    assert (drugs["cells"] == 1).all()
    assert (drugs["measured"] == 1).all()
    assert drugs.set_index("drug")["ncs"].to_dict() == pytest.approx(
        part.set_index("drug")["ncs"].to_dict()
    )


def test_mechanisms_of_three_drugs_are_tested_against_all_others():
    rng = np.random.default_rng(0)
    drugs = pd.DataFrame({"name": [f"n{n}" for n in range(30)], "ncs": rng.normal(size=30)})
    drugs["moa"] = [
        "A; B" if n < 5 else "B" if n < 9 else "rare" if n < 11 else "" for n in range(30)
    ]
    drugs.loc[:4, "ncs"] += 4
    found = by_mechanism(drugs)
    assert found["moa"].tolist() == ["A", "B"]
    assert found["drugs"].tolist() == [5, 9]
    for row, members in zip(found.itertuples(), (5, 9), strict=True):
        inside, outside = drugs["ncs"][:members], drugs["ncs"][members:]
        assert row.p == pytest.approx(mannwhitneyu(inside, outside).pvalue)
        assert row.ncs == pytest.approx(np.quantile(inside, 2 / 3))
    assert found["fdr"].to_numpy() == pytest.approx(false_discovery_control(found["p"]))
    assert found["drug_names"][0] == "n0; n1; n2; n3; n4"
    assert by_mechanism(drugs.assign(moa="")).empty


def test_a_mechanism_of_all_drugs_is_tested_against_none():
    drugs = pd.DataFrame({"name": list("abcd"), "ncs": [1.0, 2, 3, 4], "moa": "A"})
    assert by_mechanism(drugs).empty


def test_weighted_scores_of_a_profile_are_those_of_its_ends(index):
    query = query_profile(index, 3)
    found = search(index, query, WEIGHTED).sort_index()["score"]
    assert found.to_numpy() == pytest.approx(weighted_connectivity(index, query.up, query.down))
