"""Classification experiments: areas, counts of drugs, and what completion cannot change."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import planted_drugs, unlike
from sklearn.metrics import roc_auc_score

from lacuna.classification.areas import AREAS, areas_under_roc
from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.experiments import run_experiments
from lacuna.classification.profiles import ACROSS_CELLS
from lacuna.evaluation.bootstrap import BOOTSTRAP_DRAWS


def test_the_area_is_scikit_learns_whatever_the_weights_and_ties():
    rng = np.random.default_rng(0)
    answer, scores = rng.random(50) < 0.4, rng.integers(0, 8, 50) / 8
    weights = rng.integers(0, 4, size=(20, 50))
    expected = [roc_auc_score(answer, scores, sample_weight=row) for row in weights]
    assert np.allclose(areas_under_roc(answer, scores, weights), expected)
    assert np.isnan(areas_under_roc(np.ones(50, bool), scores, weights)).all()
    assert np.isnan(areas_under_roc(answer[:0], scores[:0], weights[:, :0])).all()


@pytest.mark.usefixtures("few_costs")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_experiments_are_the_same_each_time_and_count_their_drugs(name):
    profiles, positive = planted_drugs()
    answers = pd.DataFrame({"ATC L": positive, "ATC M": ~positive}, profiles.drugs).astype(float)
    answers.iloc[:6] = np.nan
    options = {"folds": 3, "trees": 10, "seed": 7, "similarity": unlike()}
    table, draws, *_ = run_experiments(profiles, answers, name, **options)
    again, more, *_ = run_experiments(profiles, answers, name, jobs=2, **options)
    pd.testing.assert_frame_equal(table, again)
    assert np.array_equal(draws, more, equal_nan=True)
    assert draws.shape == (len(table), len(AREAS), BOOTSTRAP_DRAWS)
    assert (table["drugs_measured"] + table["drugs_predicted"] == 54).all()
    assert set(table["profile_type"]) == {"c0", "c1", "c2", *ACROSS_CELLS}
    low, value, high = (table[f"auc_completed{side}"] for side in ("_low", "", "_high"))
    assert ((low <= value) & (value <= high)).all()
    mean = table.query("profile_type == 'mean over cells' and protocol == 'nested'").iloc[0]
    assert table["task"].tolist() == [task for task in ("ATC L", "ATC M") for _ in range(2)] * 5
    assert mean["drugs_predicted"] == 0
    assert np.isnan(mean["auc_predicted"])


@pytest.mark.usefixtures("few_costs")
def test_where_all_is_measured_completion_changes_nothing():
    profiles, positive = planted_drugs()
    everywhere = replace(profiles, measured=np.ones_like(profiles.measured))
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    table, *_ = run_experiments(
        everywhere, answers, "logistic_regression", folds=3, trees=10, seed=0, similarity=unlike()
    )
    assert np.allclose(table["auc_completed"], table["auc_measured"])
    assert table["auc_predicted"].isna().all()


@pytest.mark.usefixtures("few_costs")
def test_more_folds_than_drugs_of_a_class_are_fewer_folds():
    profiles, positive = planted_drugs(drugs=15)
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    table, *_ = run_experiments(
        profiles, answers, "logistic_regression", folds=12, trees=10, seed=0, similarity=unlike(15)
    )
    over_cells = table[table["profile_type"].isin(ACROSS_CELLS)]
    assert over_cells["auc_completed"].notna().all()
