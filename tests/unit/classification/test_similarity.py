"""The chemical control: accuracy on drugs unlike those that classifiers were trained on."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from planted import class_similar, planted_drugs
from sklearn.metrics import roc_auc_score

from lacuna.classification import experiments
from lacuna.classification.areas import AREAS
from lacuna.classification.experiments import run_experiments
from lacuna.classification.figures.class_similarity import draw
from lacuna.classification.models import PROTOCOLS, deal_folds
from lacuna.classification.similarity import (
    LEAST_OF_EACH,
    THRESHOLDS,
    nearest_training_drug,
    similarity_summary,
)
from lacuna.structures.fingerprints import known_similarity

SMILES = np.array(["CCO", "CCCO", "c1ccccc1", "", "not a structure", "CCO"])


def test_the_nearest_training_drug_is_of_another_fold_and_has_a_label():
    similarity = known_similarity(SMILES)
    nearest = nearest_training_drug(similarity, np.array([0, 0, 1, 1, 1, 0]))
    for drug, others in ((0, [2]), (1, [2]), (2, [0, 1, 5]), (5, [2])):
        assert nearest[drug] == pytest.approx(max(similarity[drug, others]))
    assert np.isnan(nearest[3:5]).all()  # of no known structure
    nearest = nearest_training_drug(similarity, np.array([0, 1, 1, 1, 1, -1]))
    assert np.isnan(nearest[5])
    assert nearest[0] == pytest.approx(max(similarity[0, [1, 2]]))
    alone = nearest_training_drug(similarity, np.array([0, 0, 0, 1, 1, 0]))
    assert alone[:3].tolist() == [0, 0, 0]


@pytest.fixture
def judged(monkeypatch):
    """Experiments whose scores are kept, and the drugs' nearest training drugs."""
    profiles, positive = planted_drugs()
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    rng = np.random.default_rng(2)
    similarity = rng.uniform(0, 0.9, (60, 60))
    similarity = np.maximum(similarity, similarity.T) ** 8
    np.fill_diagonal(similarity, 1)
    similarity[:5] = similarity[:, :5] = np.nan
    kept = []
    ask = experiments.held_out_scores
    monkeypatch.setattr(
        experiments, "held_out_scores", lambda *all: (kept.append(ask(*all)), kept[-1])[1]
    )
    found = run_experiments(
        profiles, answers, "nearest_neighbours", folds=3, trees=10, seed=7, similarity=similarity
    )
    nearest = nearest_training_drug(similarity, deal_folds(positive.astype(float), 3, 7))
    return profiles, positive, kept, nearest, found


def test_areas_are_of_the_drugs_within_each_threshold(judged):
    profiles, positive, kept, nearest, found = judged
    for row, (_, experiment) in enumerate(found.table.iterrows()):
        if experiment["profile_type"] not in profiles.cells:
            continue
        cell = list(profiles.cells).index(experiment["profile_type"])
        by_measured, by_completed = kept[2 * (row // 2)], kept[2 * (row // 2) + 1]
        has = profiles.measured[:, cell]
        spread = np.full(60, np.nan)
        spread[has] = by_measured[experiment["protocol"]]
        scores = [spread, by_completed[experiment["protocol"]]]
        for area, (which, tested) in enumerate([(0, has), (1, has), (1, ~has)]):
            for number, threshold in enumerate(THRESHOLDS):
                drugs = tested & (nearest <= threshold)
                counts = [positive[drugs].sum(), (~positive[drugs]).sum()]
                assert found.counts[row, number, area].tolist() == counts
                value = found.similar[row, number, area, 0]
                if min(counts) == 0:
                    assert np.isnan(value)
                else:
                    expected = roc_auc_score(positive[drugs], scores[which][drugs])
                    assert value == pytest.approx(expected, abs=1e-6)


def test_a_threshold_is_compared_with_all_drugs_of_the_same_experiments(judged):
    found = judged[-1]
    table = found.table.assign(method="dnpp")
    summary = similarity_summary(table, found.counts, found.similar)
    assert len(summary) == 2 * 2 * len(AREAS) * len(THRESHOLDS)  # protocols, all and ATC
    for row in summary.query("kind == 'all'").itertuples():
        number, area = THRESHOLDS.index(row.threshold), AREAS.index(row.area)
        enough = (found.counts[:, number, area] >= LEAST_OF_EACH).all(axis=1)
        members = np.flatnonzero(table["protocol"].eq(row.protocol) & enough)
        members = [one for one in members if np.isfinite(found.similar[one, number, area, 0])]
        assert row.experiments == len(members)
        if members:
            of_all = found.similar[members, -1, area, 0].mean()
            assert row.auc == pytest.approx(found.similar[members, number, area, 0].mean())
            assert row.auc_of_all == pytest.approx(of_all)
            assert row.difference == pytest.approx(row.auc - of_all, abs=1e-6)
            assert row.low <= row.high
        else:
            assert np.isnan(row.auc)
    everything = summary[summary["threshold"] == 1].dropna(subset="auc")
    assert (everything[["difference", "low", "high"]] == 0).all(axis=None)
    assert len(everything)
    assert (summary.query("threshold < 1 and experiments > 0")["difference"] != 0).any()


def test_without_experiments_there_is_nothing_to_compare():
    nothing = pd.DataFrame(columns=["method", "protocol", "kind"])
    shape = (0, len(THRESHOLDS), len(AREAS))
    assert similarity_summary(nothing, np.empty((*shape, 2)), np.empty((*shape, 9))).empty


def test_the_chemical_control_shows_each_areas_changes_with_their_intervals():
    table = class_similar()
    figure = draw(table, "data")
    panels = figure.axes[: 2 * len(AREAS)]
    for axes, place in zip(panels, product(("dnpp", "kernel"), AREAS), strict=True):
        shown = table[(table["method"] == place[0]) & (table["area"] == place[1])]
        assert len(axes.containers) == len(PROTOCOLS)
        for drawn, protocol in zip(axes.containers, PROTOCOLS, strict=True):
            rows = shown[shown["protocol"] == protocol]
            assert np.allclose(drawn.lines[0].get_ydata(), rows["difference"])
            [bars] = drawn.lines[2]
            ends = np.array([bar[:, 1] for bar in bars.get_segments()])
            assert np.allclose(ends, rows[["low", "high"]])
        labels = [label.get_text() for label in axes.get_xticklabels()]
        assert labels[:2] == ["0.2\n0", f"0.3\n{12 + AREAS.index(place[1])}"]
