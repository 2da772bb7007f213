"""What `make bench-ask` compares gives the same scores; its ranks are those of the right drug."""

import numpy as np
import pandas as pd
import pytest
from ask import pandas_weighted, plain_weighted
from ask_retrieval import (
    HIDDEN,
    SAME,
    SEEN,
    by_chance,
    likeness,
    ranks_of_right,
    retrieval_table,
)
from toy import clustered

from lacuna.completion.interface import Completion
from lacuna.evaluation.held_out import HeldOut
from lacuna.explore.build import rank_rows
from lacuna.explore.reference import COSINE, WEIGHTED
from lacuna.explore.scores import connect, enrichment
from lacuna.vectors import unit_rows

RNG = np.random.default_rng(0)


def test_the_loop_and_pandas_give_the_same_scores():
    profiles = unit_rows(RNG.normal(size=(12, 60)).astype(np.float32))
    up, down = RNG.permutation(60)[:14].reshape(2, 7)
    by_gene = profiles.T.copy(), rank_rows(profiles).T.copy()
    ours = connect(enrichment(*by_gene, up), enrichment(*by_gene, down))
    assert plain_weighted(profiles, up, down) == pytest.approx(ours, abs=1e-5)
    names = [f"g{gene}" for gene in range(60)]
    table = pd.DataFrame(profiles.T.astype(float), index=names)
    sets = ([names[gene] for gene in genes] for genes in (up, down))
    assert pandas_weighted(table, *sets).to_numpy() == pytest.approx(ours, abs=1e-5)


@pytest.fixture(scope="module")
def held_out():
    tensor = clustered(drugs=8, cells=3, missing=0)
    fold = RNG.integers(0, 3, size=len(tensor))
    order = np.argsort(fold, kind="stable")
    noise = 0.2 * RNG.normal(size=tensor.profiles.shape)
    predicted = Completion((0.4 * (tensor.profiles + noise)[order]).astype(np.float32))
    return HeldOut.gather(tensor, fold, [predicted])


def test_likeness_does_not_depend_on_the_length_of_a_prediction(held_out):
    for score in (COSINE, WEIGHTED):
        found = likeness(held_out.truth, held_out.predicted, score)
        longer = likeness(held_out.truth, 7 * held_out.predicted, score)
        assert found == pytest.approx(longer, abs=1e-5)
        assert found.shape == (24, 24)
    cosines = likeness(held_out.truth, held_out.predicted, COSINE)
    plain = [np.dot(held_out.truth[3], row / np.linalg.norm(row)) for row in held_out.predicted]
    assert cosines[3] == pytest.approx(plain, abs=1e-6)


def test_the_right_drug_is_ranked_among_those_of_the_cell(held_out):
    scores = RNG.normal(size=(24, 24))
    found = ranks_of_right(held_out, scores)
    expected = []
    for cell in range(3):
        library = np.flatnonzero(held_out.cell == cell)
        for query in range(24):
            (right,) = (place for place in library if held_out.drug[place] == held_out.drug[query])
            rank = 1 + sum(scores[query, place] > scores[query, right] for place in library)
            together = held_out.fold[query] == held_out.fold[right]
            kind = SAME if query == right else HIDDEN if together else SEEN
            expected.append((held_out.drug[query], kind, rank, len(library)))
    assert list(found.itertuples(index=False, name=None)) == expected
    assert set(found["query"]) == {SAME, HIDDEN, SEEN}


def test_ties_count_half(held_out):
    assert set(ranks_of_right(held_out, np.zeros((24, 24)))["rank"]) == {1 + 7 / 2}


def test_chance_is_that_of_ranks_drawn_at_random():
    ranks = pd.DataFrame({"library": [3, 250]})
    reciprocal = [np.mean(1 / np.arange(1, size + 1)) for size in (3, 250)]
    assert by_chance(ranks) == pytest.approx((np.mean(reciprocal), np.mean([1 / 3, 2 / 250])))


def test_a_table_has_both_scores_of_a_query_in_one_line():
    rows = [
        {"metric": metric, "value": value, "low": value, "high": value, "chance": 0.125}
        for metric, value in (("mrr", 0.5), ("top", 0.25))
    ]
    about = {"dataset": "x", "query": SAME, "score": COSINE, "method": "kernel", "asked": 1234}
    table = retrieval_table(pd.DataFrame(rows).assign(**about), SAME)
    line = "| x | Kernel | cosine | 1,234 | 0.500 [0.500, 0.500] | 0.125 | 0.250 [0.250, 0.250] |"
    assert table.splitlines()[2].startswith(line)
    assert len(table.splitlines()) == 3
