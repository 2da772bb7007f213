"""Oracles: mean profiles in the place of structures, without the query itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_wells, unpack
from lacuna.retrieval.metrics import metrics_table
from lacuna.retrieval.oracles import (
    beyond_plate,
    oracle_of_other_lines,
    oracle_of_test_line,
    published_oracle_of_test_line,
)

GENES, DRUGS, WELLS = 30, 12, 3


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def molecule():
    return np.repeat(np.arange(DRUGS), WELLS)


def effects(rng, molecule, strength=1.0):
    return rng.normal(size=(DRUGS, GENES))[molecule] * strength + rng.normal(
        size=(len(molecule), GENES)
    )


@pytest.mark.parametrize("measure", ["correlation", "cosine", "euclidean"])
def test_each_query_is_compared_with_means_without_itself(measure, rng, molecule):
    profiles = effects(rng, molecule)
    oracle = oracle_of_test_line(profiles, molecule, measure)
    rank = oracle.find().rank
    for query, own in enumerate(molecule):
        others = np.arange(len(molecule)) != query
        means = [profiles[others & (molecule == drug)].mean(axis=0) for drug in range(DRUGS)]
        wanted = rankdata(cdist(profiles[[query]], means, measure)[0])[own]
        assert rank[query] == wanted


def test_a_query_does_not_find_itself(rng):
    molecule = np.repeat(np.arange(100), 2)
    noise = rng.normal(size=(200, GENES))
    found = oracle_of_test_line(noise, molecule).find()
    row = metrics_table({"noise": found}, molecule, 1).set_index("metric").loc["mean_rank_share"]
    assert row["low"] < row["chance"] < row["high"]


def test_a_query_alone_with_its_drug_is_counted_out_but_still_a_candidate(rng):
    molecule = np.array([7, 3, 3, 5, 9, 9])
    oracle = oracle_of_test_line(rng.normal(size=(6, GENES)), molecule)
    found = oracle.find()
    assert found.query.tolist() == [1, 2, 4, 5] and found.asked == 6
    assert oracle.library.tolist() == [3, 5, 7, 9] and (found.library == 4).all()
    assert np.isfinite(found.rank).all()


def test_where_all_are_alone_nothing_is_ranked(rng):
    oracle = oracle_of_test_line(rng.normal(size=(5, GENES)), np.arange(5))
    for found in (oracle.find(), oracle.find(np.zeros(5)), oracle.find_within_plates(np.zeros(5))):
        assert len(found.query) == 0 and found.asked == 5


def test_other_lines_give_the_means_and_drugs_of_one_side_are_counted_out(rng):
    profiles, references = rng.normal(size=(6, GENES)), rng.normal(size=(7, GENES))
    molecule, of_reference = np.array([0, 4, 4, 2, 8, 2]), np.array([4, 4, 2, 0, 6, 0, 6])
    oracle = oracle_of_other_lines(profiles, molecule, references, of_reference)
    found = oracle.find()
    assert oracle.library.tolist() == [0, 2, 4]
    assert found.query.tolist() == [0, 1, 2, 3, 5] and found.asked == 6
    means = [references[of_reference == drug].mean(axis=0) for drug in (0, 2, 4)]
    distances = cdist(profiles[found.query], means, "correlation")
    own = np.searchsorted([0, 2, 4], molecule[found.query])
    assert found.rank.tolist() == [
        rankdata(row)[at] for row, at in zip(distances, own, strict=True)
    ]


def test_planted_effects_are_found_and_the_other_line_less_well(rng, molecule):
    shared = rng.normal(size=(DRUGS, GENES))
    here, there = (shared + rng.normal(size=(DRUGS, GENES)) for _ in range(2))
    test, training = (
        line[molecule] + rng.normal(size=(len(molecule), GENES)) for line in (here, there)
    )
    own = oracle_of_test_line(test, molecule).find().rank
    other = oracle_of_other_lines(test, molecule, training, molecule).find().rank
    assert own.mean() < other.mean() < (DRUGS + 1) / 2


def test_twins_and_plates_count_as_for_all_other_methods(rng, molecule):
    oracle = oracle_of_test_line(effects(rng, molecule), molecule)
    group = np.arange(DRUGS) // 2
    assert (oracle.find(group).rank <= oracle.find().rank).all()
    assert (oracle.find(group).hits == 2).all()
    plate = np.tile(np.arange(WELLS), DRUGS)
    plate[molecule > 5] += WELLS
    within = oracle.find_within_plates(plate, group)
    assert (within.library == 6).all() and within.asked == len(molecule)


def test_blocks_do_not_matter(rng, molecule, monkeypatch):
    oracle = oracle_of_test_line(effects(rng, molecule), molecule)
    whole = oracle.find().table()
    monkeypatch.setattr("lacuna.retrieval.measures.ENTRIES", 5 * DRUGS)
    assert len([*oracle.blocks()]) > 5
    pd.testing.assert_frame_equal(oracle.find().table(), whole)


def test_the_published_form_finds_the_right_block_without_any_effect(rng):
    """The authors' fault, as their code has it: noise alone is always found."""
    molecule = np.repeat(np.arange(30), 3)
    treated, last = rng.normal(size=(90, GENES)) + 5, rng.normal(size=(90, GENES)) * 3
    published = published_oracle_of_test_line(treated, last, molecule)
    assert (published.find().rank == 1).all()
    assert oracle_of_test_line(treated, molecule).find().rank.mean() > 10
    for query, own in enumerate(molecule):
        means = np.array([last[molecule == drug].mean(axis=0) for drug in range(30)])
        others = (molecule == own) & (np.arange(90) != query)
        means[own] = treated[others].mean(axis=0)
        wanted = cdist(treated[[query]], means)[0]
        block = np.concatenate([*published.blocks()])
        assert np.allclose(block[query], wanted)
        if query > 5:
            break


def test_constant_profiles_are_ranked_in_the_middle(molecule):
    found = oracle_of_test_line(np.ones((len(molecule), GENES)), molecule).find()
    assert (found.rank == (DRUGS + 1) / 2).all()


def test_the_plate_is_taken_off(rng):
    plate = np.array(["b", "a", "b", "a", "a"])
    profiles = rng.normal(size=(5, 3)).astype(np.float32)
    left = beyond_plate(profiles, plate)
    for name in "ab":
        own = profiles[plate == name].astype(float)
        assert np.allclose(left[plate == name], own - own.mean(axis=0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: oracle_of_test_line(np.ones((3, 2)), np.arange(2)), r"\(3, 2\) and 2 molecules"),
        (
            lambda: oracle_of_test_line(
                np.ones((4, 2)), np.array([0, 0, 1, 1]), others=np.ones((4, 3))
            ),
            "blocks of shapes",
        ),
        (
            lambda: oracle_of_other_lines(
                np.ones((2, 2)), np.arange(2), np.ones((2, 3)), np.arange(2)
            ).find(),
            "expected equal widths",
        ),
        (
            lambda: oracle_of_test_line(
                np.array([[1.0], [2], [np.nan], [1]]), np.array([0, 0, 1, 1])
            ).find(),
            "not finite",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(LacunaError, match=message):
        make()


FILE = "lincs-mini/MINI_Broad_LINCS_"


@pytest.fixture(scope="module")
def screen(shared_data, tmp_path_factory):
    """Treated wells of CPC006 with a structure: less the mean of their plate's treated wells."""
    chem = pytest.importorskip("rdkit.Chem")
    wells = read_wells(shared_data / f"{FILE}inst_info.txt.gz")
    drugs = read_drugs(shared_data / f"{FILE}pert_info.txt.gz")
    treated = wells["plate"].str.startswith("CPC006") & (wells["kind"] == "trt_cp")
    wells = wells[treated].reset_index(drop=True)
    matrix = tmp_path_factory.mktemp("lincs") / "level3.gctx"
    unpack(shared_data / f"{FILE}Level3_INF_mlr12k_n1429x978.gctx.gz", matrix)
    with Gctx(matrix) as opened:
        profiles = beyond_plate(opened.read(opened.rows, wells["well"]), wells["plate"].to_numpy())
    smiles = wells["drug"].astype(str).map(dict(drugs[["drug", "smiles"]].to_numpy()))
    canonical = {text: chem.CanonSmiles(text) for text in smiles.dropna().unique()}
    known = smiles.notna().to_numpy()
    wells = wells[known].assign(molecule=pd.factorize(smiles[known].map(canonical))[0])
    return wells, profiles[known]


@pytest.mark.parametrize(
    ("queries", "library", "drugs", "median_rank", "mrr", "hits_10"),
    [
        ("CPC006_HT115_6H_X1", "CPC006_A375_6H_X1", 318, 82.5, 0.094, 0.173),
        ("CPC006_HT115_6H_X1", "CPC006_HT115_6H_X2", 305, 32, 0.212, 0.315),
        ("CPC006_HT115_6H", "CPC006_A375_6H_X1", 344, 79, 0.109, 0.177),
    ],
)
def test_known_numbers_of_real_plates_are_reproduced(
    screen, queries, library, drugs, median_rank, mrr, hits_10
):
    wells, profiles = screen
    sides = []
    for plate in (queries, library):
        rows = wells["plate"].str.startswith(plate).to_numpy()
        means = pd.DataFrame(profiles[rows]).groupby(wells["molecule"].to_numpy()[rows]).mean()
        sides += [means.to_numpy(), means.index.to_numpy()]
    oracle = oracle_of_other_lines(*sides, measure="cosine")
    found = oracle.find()
    table = metrics_table({"oracle": found}, sides[1], 1).set_index("metric")
    assert len(found.query) == len(oracle.library) == drugs
    assert table.loc["median_rank", "value"] == median_rank
    assert table.loc[["mrr", "hits_10"], "value"].round(3).tolist() == [mrr, hits_10]
    assert table.loc["mrr", "low"] > table.loc["mrr", "chance"]
    assert table.loc["median_rank", "chance"] == (drugs + 1) / 2
