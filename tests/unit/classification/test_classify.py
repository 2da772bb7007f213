"""Classifiers of drugs: nothing leaks, what is planted is found, tests are what they say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, ttest_rel
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from toy import axes_of, clustered, replicated

from lacuna.classification.experiments import AREAS, DRAWS, areas_under_roc, run_experiments
from lacuna.classification.models import Model, held_out_scores
from lacuna.classification.profiles import ACROSS_CELLS, DrugProfiles
from lacuna.classification.tasks import make_tasks
from lacuna.classification.tests import change_on_predicted, gain_by_completion, paired_tests
from lacuna.completion.completed import write_completed
from lacuna.completion.interface import Completion
from lacuna.names import CLASSIFIER_NAMES

MODELS = list(CLASSIFIER_NAMES)


def planted(drugs=60, cells=3, genes=30, seed=0):
    """Drugs of which a third share a direction; half of the places are measured."""
    rng = np.random.default_rng(seed)
    positive = np.arange(drugs) % 3 == 0
    direction = rng.normal(size=genes)
    profiles = rng.normal(size=(drugs, cells, genes)) + 1.2 * positive[:, None, None] * direction
    measured = rng.random((drugs, cells)) < 0.6
    measured[:, 0] |= ~measured.any(axis=1)
    names = np.array([f"d{i}" for i in range(drugs)])
    of = DrugProfiles(
        profiles.astype(np.float32), measured, names, np.array([f"c{i}" for i in range(cells)])
    )
    return of, positive


def test_the_area_is_scikit_learns_whatever_the_weights_and_ties():
    rng = np.random.default_rng(0)
    answer, scores = rng.random(50) < 0.4, rng.integers(0, 8, 50) / 8
    weights = rng.integers(0, 4, size=(20, 50))
    expected = [roc_auc_score(answer, scores, sample_weight=row) for row in weights]
    assert np.allclose(areas_under_roc(answer, scores, weights), expected)
    assert np.isnan(areas_under_roc(np.ones(50, bool), scores, weights)).all()
    assert np.isnan(areas_under_roc(answer[:0], scores[:0], weights[:, :0])).all()


def test_a_drug_of_which_nothing_is_known_is_no_negative():
    labels = pd.DataFrame(
        {
            "drug": [f"d{i}" for i in range(30)],
            "atc_codes": ["L01|C02"] * 6 + ["N05"] * 8 + [None] * 16,
            "targets": [None] * 10 + ["ABC"] * 7 + ["DEF"] * 13,
        }
    )
    tasks, answers = make_tasks(labels, atc_classes=2, targets=5, min_drugs_per_target=10)
    known = answers.notna().sum()
    assert known["ATC N"] == 14
    assert answers["ATC N"].sum() == 8
    skipped = tasks.set_index("task")["skipped"]
    assert skipped["ATC N"] == skipped["ATC C"] == ""
    assert skipped["ATC L"] == "beyond the 2 most frequent"
    assert skipped["target ABC"] == "fewer than 10 drugs"
    assert skipped["target DEF"] == ""
    assert "target ABC" not in answers
    counts = tasks.set_index("task").loc["target DEF", ["positives", "negatives"]]
    assert counts.tolist() == [13, 7]


def test_profile_types_are_the_cells_the_mean_and_the_signed_maximum():
    profiles, _ = planted()
    completed, measured, has = profiles.of_type("mean over cells")
    assert np.allclose(completed, profiles.profiles.mean(axis=1), atol=1e-6)
    for drug in range(5):
        seen = profiles.profiles[drug, profiles.measured[drug]]
        assert np.allclose(measured[drug], seen.mean(axis=0), atol=1e-6)
        assert np.allclose(profiles.of_type("maximum over cells")[1][drug], seen.max(axis=0))
    assert has.all()
    assert np.array_equal(profiles.of_type("c1")[2], profiles.measured[:, 1])


@pytest.mark.parametrize("name", MODELS)
def test_a_planted_class_is_found_and_a_random_one_is_not(name):
    profiles, positive = planted()
    model = Model.named(name, trees=20, seed=0)
    fold = np.arange(len(positive)) // 3 % 5
    found = held_out_scores(model, profiles.profiles[:, 0], positive, fold)
    assert roc_auc_score(positive, found["nested"]) > 0.8
    rng = np.random.default_rng(1)
    areas = []
    for _ in range(6):
        random = rng.permutation(positive)
        scores = held_out_scores(model, profiles.profiles[:, 1], random, fold)
        areas.append([roc_auc_score(random, scores[p]) for p in ("published", "nested")])
    published, nested = np.mean(areas, axis=0)
    assert nested < 0.65
    assert published > nested  # it picks its settings on what it reports


@pytest.mark.parametrize("name", MODELS)
def test_nested_scores_of_a_fold_know_nothing_of_its_answers(name):
    profiles, positive = planted()
    fold = np.arange(len(positive)) // 3 % 5
    model = Model.named(name, trees=10, seed=0)
    scores = held_out_scores(model, profiles.profiles[:, 0], positive, fold)["nested"]
    turned = np.where(fold == 2, ~positive, positive)
    again = held_out_scores(model, profiles.profiles[:, 0], turned, fold)["nested"]
    assert np.array_equal(scores[fold == 2], again[fold == 2])
    assert not np.array_equal(scores[fold != 2], again[fold != 2])


def test_one_search_of_neighbours_gives_scikit_learns_shares():
    profiles, positive = planted()
    features = profiles.profiles[:, 0]
    model = Model.named("nearest_neighbours", trees=10, seed=0)
    scores, _ = model.score(features[:40], positive[:40], features[40:])
    for neighbours, found in zip(model.choices, scores, strict=True):
        plain = KNeighborsClassifier(neighbours).fit(features[:40], positive[:40])
        assert np.allclose(found, plain.predict_proba(features[40:])[:, 1])


@pytest.mark.parametrize("name", MODELS)
def test_experiments_are_the_same_each_time_and_count_their_drugs(name):
    profiles, positive = planted()
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    answers.iloc[:6] = np.nan
    options = {"folds": 3, "trees": 10, "seed": 7}
    table, draws = run_experiments(profiles, answers, name, **options)
    again, more = run_experiments(profiles, answers, name, jobs=2, **options)
    pd.testing.assert_frame_equal(table, again)
    assert np.array_equal(draws, more, equal_nan=True)
    assert draws.shape == (len(table), len(AREAS), DRAWS)
    assert (table["drugs_measured"] + table["drugs_predicted"] == 54).all()
    assert set(table["profile_type"]) == {"c0", "c1", "c2", *ACROSS_CELLS}
    low, value, high = (table[f"auc_completed{side}"] for side in ("_low", "", "_high"))
    assert ((low <= value) & (value <= high)).all()
    mean = table.query("profile_type == 'mean over cells' and protocol == 'nested'").iloc[0]
    assert mean["drugs_predicted"] == 0
    assert np.isnan(mean["auc_predicted"])


def test_where_all_is_measured_completion_changes_nothing():
    profiles, positive = planted()
    everywhere = replace(profiles, measured=np.ones_like(profiles.measured))
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    table, _ = run_experiments(everywhere, answers, MODELS[0], folds=3, trees=10, seed=0)
    assert np.allclose(table["auc_completed"], table["auc_measured"])
    assert table["auc_predicted"].isna().all()


def test_more_folds_than_drugs_of_a_class_are_fewer_folds():
    profiles, positive = planted(drugs=15)
    answers = pd.DataFrame({"ATC L": positive.astype(float)}, index=profiles.drugs)
    table, _ = run_experiments(profiles, answers, MODELS[0], folds=12, trees=10, seed=0)
    over_cells = table[table["profile_type"].isin(ACROSS_CELLS)]
    assert over_cells["auc_completed"].notna().all()


def test_classes_can_be_asked_for_and_skipped_ones_take_no_place():
    codes = ["L01"] * 18 + ["C02"] * 4 + ["N05|L01"] * 2
    labels = pd.DataFrame({"drug": [f"d{i}" for i in range(24)], "atc_codes": codes})
    labels["targets"] = ["ABC|DEF"] * 8 + ["ABC"] * 12 + ["DEF"] * 4
    tasks, answers = make_tasks(labels, atc_classes=["C", "N"], targets=1, min_drugs_per_target=5)
    skipped = tasks.set_index("task")["skipped"]
    assert skipped["ATC L"] == "not asked for"
    assert skipped["ATC C"] == "fewer than 5 drugs"
    assert skipped["target ABC"] == "fewer than 5 drugs without it"
    assert list(answers) == ["target DEF"]


def test_the_best_covered_cells_are_the_first_of_the_tensor(tmp_path):
    tensor = clustered(drugs=30, cells=6)
    counts = tensor.measured.sum(axis=0)
    order = sorted(range(6), key=lambda cell: (-counts[cell], tensor.cells[cell]))
    missing = tensor.missing_pairs
    completion = Completion(np.zeros((len(missing), len(tensor.genes)), np.float32))
    path = tmp_path / "completed.gctx"
    write_completed(path, replicated(tensor), completion, **axes_of(tensor))
    profiles = DrugProfiles.read(path, 4)
    assert list(profiles.cells) == [tensor.cells[cell] for cell in order[:4]]
    assert len(profiles.drugs) == tensor.measured[:, order[:4]].any(axis=1).sum()
    rows = [list(tensor.drugs).index(drug) for drug in profiles.drugs]
    assert np.array_equal(profiles.measured, tensor.measured[rows][:, order[:4]])
    first = tensor.find(np.array([[rows[0], order[0]]]))[0]
    if profiles.measured[0, 0]:
        assert np.array_equal(profiles.profiles[0, 0], tensor.profiles[first])


def test_no_task_gives_empty_tables():
    profiles, _ = planted()
    table, draws = run_experiments(
        profiles, pd.DataFrame(index=profiles.drugs), MODELS[0], folds=3, trees=10, seed=0
    )
    assert table.empty
    table = table.assign(method="dnpp", gain=gain_by_completion(table))
    assert paired_tests(table, draws, "gain").empty


def experiments(**columns):
    table = pd.DataFrame(columns)
    many = {"method": "dnpp", "task": "ATC L", "kind": "ATC", "model": "m", "profile_type": "c"}
    return table.assign(**{key: value for key, value in many.items() if key not in table})


def test_what_counts_as_chance_and_what_is_dropped():
    table = experiments(
        protocol=["published", "published", "published", "nested"],
        auc_measured=[0.6, np.nan, 0.4, np.nan],
        auc_completed=[0.7, 0.8, 0.45, 0.8],
        auc_predicted=[0.5, 0.9, 0.3, np.nan],
        positives_measured=[5, 2, 9, 9],
        positives_predicted=[5, 9, 9, 9],
    )
    gain = gain_by_completion(table)
    assert np.allclose(gain, [0.1, 0.3, np.nan, np.nan], equal_nan=True)
    change = change_on_predicted(table)
    assert np.allclose(change, [-0.2, np.nan, np.nan, np.nan], equal_nan=True)


def test_paired_tests_are_scipys_corrected_within_their_grouping():
    rng = np.random.default_rng(0)
    measured = rng.uniform(0.55, 0.8, 60)
    completed = measured + rng.normal(0.02, 0.05, 60)
    table = experiments(
        protocol="nested",
        auc_measured=measured,
        auc_completed=completed,
        auc_predicted=completed,
        profile_type=np.repeat(["a", "b", "c"], 20),
    )
    table["gain"] = gain_by_completion(table)
    draws = np.repeat(
        table[[f"auc_{area}" for area in AREAS]].to_numpy()[:, :, None], DRAWS, axis=2
    )
    tests = paired_tests(table, draws, "gain").set_index(["grouped_by", "group"])
    everything = tests.loc[("all", "all")]
    assert np.isclose(everything["p"], ttest_rel(completed, measured).pvalue)
    assert np.isclose(everything["difference"], (completed - measured).mean())
    assert np.isclose(everything["low"], everything["difference"])  # these draws do not vary
    by_type = tests.loc["profile_type"]
    assert np.allclose(by_type["p_bh"], false_discovery_control(by_type["p"]))
