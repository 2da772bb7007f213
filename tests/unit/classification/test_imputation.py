"""Gaps filled within the folds: no completion of training drugs sees a profile of a test drug."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import unlike
from toy import clustered

from lacuna.classification import imputation
from lacuna.classification.experiments import run_experiments
from lacuna.classification.imputation import filled_folds, gaps, impute_folds, in_folds, name_of
from lacuna.classification.models import IMPUTED, deal_folds
from lacuna.classification.profiles import DrugProfiles, best_covered
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.run import run_method
from lacuna.io import hdf5
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

CELLS, FOLDS, FOLD_SEED, SEED = 4, 3, 11, 5


@pytest.fixture(scope="module")
def tensor():
    return clustered(drugs=30, cells=6)


@pytest.fixture(scope="module")
def answers(tensor):
    table = pd.DataFrame({"ATC L": np.arange(30) % 3 == 0, "ATC M": np.arange(30) % 2 == 0})
    table = table.astype(float).set_index(pd.Index(tensor.drugs))
    table.iloc[:4, 0] = np.nan
    return table


def imputed(tensor, answers, method="dnpp", work=None):
    options = {"most_cells": CELLS, "folds": FOLDS, "fold_seed": FOLD_SEED, "seed": SEED}
    return dict(impute_folds(tensor, answers, method, {}, SideInformation(), work=work, **options))


def product(tensor):
    """The tensor completed from all profiles, in its best covered cells."""
    measured = pd.DataFrame(tensor.measured, index=tensor.drugs, columns=tensor.cells)
    drugs, cells = best_covered(measured, CELLS)
    whole = np.zeros((*tensor.measured.shape, len(tensor.genes)), np.float32)
    whole[tensor.drug, tensor.cell] = tensor.profiles
    missing = tensor.missing_pairs
    rng = generator(SEED, "completed", "dnpp")
    completion = run_method("dnpp", tensor, missing, SideInformation(), rng, {})
    whole[missing[:, 0], missing[:, 1]] = completion.profiles
    place = np.ix_(measured.index.get_indexer(drugs), measured.columns.get_indexer(cells))
    return DrugProfiles(whole[place], tensor.measured[place], drugs.to_numpy(), cells.to_numpy())


def test_each_fold_is_completed_from_all_profiles_but_those_of_its_drugs(tensor, answers):
    filled = imputed(tensor, answers)
    profiles = product(tensor)
    for number, task in enumerate(answers):
        fold = deal_folds(answers[task].reindex(profiles.drugs).to_numpy(), FOLDS, FOLD_SEED)
        for held_out in range(FOLDS):
            hidden = np.isin(tensor.drugs[tensor.drug], profiles.drugs[fold == held_out])
            known = tensor.take(~hidden)
            drug, cell = gaps(profiles.measured, fold, held_out).T
            assert (fold[drug] >= 0).all()
            assert (fold[drug] != held_out).all()
            assert not profiles.measured[drug, cell].any()
            wanted = np.column_stack(
                [
                    pd.Index(tensor.drugs).get_indexer(profiles.drugs[drug]),
                    pd.Index(tensor.cells).get_indexer(profiles.cells[cell]),
                ]
            )
            words = ("imputed", "dnpp", task, held_out)
            expected = run_method(
                "dnpp", known, wanted, SideInformation(), generator(SEED, *words), {}
            )
            assert np.array_equal(filled[name_of(number, held_out)], expected.profiles)


def test_what_test_drugs_do_has_no_part_in_the_gaps_of_training_drugs(tensor, answers):
    profiles = product(tensor)
    fold = deal_folds(answers["ATC L"].reindex(profiles.drugs).to_numpy(), FOLDS, FOLD_SEED)
    of_test = np.isin(tensor.drugs[tensor.drug], profiles.drugs[fold == 1])
    turned = replace(tensor, profiles=np.where(of_test[:, None], -tensor.profiles, tensor.profiles))
    before, after = imputed(tensor, answers), imputed(turned, answers)
    assert np.array_equal(before[name_of(0, 1)], after[name_of(0, 1)])
    assert not np.array_equal(before[name_of(0, 0)], after[name_of(0, 0)])


def test_measured_profiles_and_test_drugs_stay_as_they_are(tensor, answers, tmp_path):
    filled = imputed(tensor, answers)
    hdf5.save(tmp_path / "imputed.h5", filled)
    profiles = product(tensor)
    fold = deal_folds(answers["ATC L"].reindex(profiles.drugs).to_numpy(), FOLDS, FOLD_SEED)
    for held_out, known in in_folds(
        profiles, fold, 0, filled_folds(tmp_path / "imputed.h5")
    ).items():
        assert np.array_equal(
            known.profiles[profiles.measured], profiles.profiles[profiles.measured]
        )
        others = (fold == held_out) | (fold < 0)
        assert np.array_equal(known.profiles[others], profiles.profiles[others])
        drug, cell = gaps(profiles.measured, fold, held_out).T
        assert np.array_equal(known.profiles[drug, cell], filled[name_of(0, held_out)])
    assert filled_folds(None) is None


def test_a_killed_job_goes_on(tensor, answers, tmp_path, monkeypatch):
    whole = imputed(tensor, answers)
    done = []
    run = imputation.run_method

    def killed(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(arguments)
        return run(*arguments)

    monkeypatch.setattr(imputation, "run_method", killed)
    with pytest.raises(KeyboardInterrupt):
        imputed(tensor, answers, work=tmp_path)
    monkeypatch.setattr(imputation, "run_method", lambda *all: (done.append(all), run(*all))[1])
    again = imputed(tensor, answers, work=tmp_path)
    assert len(done) == len(whole) == 2 * FOLDS
    assert all(np.array_equal(again[name], whole[name]) for name in whole)


def test_twins_that_fill_each_others_gaps_tell_nothing_within_the_folds(monkeypatch):
    """Two drugs of one class, each measured in one cell, where the other one has its profile.

    Classes have nothing to do with profiles. Completed from all, a test drug finds itself in its
    twin's gap, and so its class.
    """
    rng = np.random.default_rng(3)
    pairs = 40
    drugs = np.array([f"{twin}{pair:02}" for pair in range(pairs) for twin in "ab"])
    names, cells = np.array([f"g{i}" for i in range(20)]), np.array(["c0", "c1"])
    profiles = np.repeat(rng.normal(size=(pairs, 20)), 2, axis=0).astype(np.float32)
    place = np.arange(2 * pairs)
    tensor = ProfileSet(profiles, place, place % 2, drugs, cells, names)
    answers = pd.DataFrame({"ATC L": np.repeat(rng.permutation(pairs) % 2, 2)}, drugs).astype(float)
    product = DrugProfiles(np.repeat(profiles[:, None], 2, axis=1), tensor.measured, drugs, cells)

    def copy_the_twin(name, known, wanted, side, rng, options):
        seen = np.isin(wanted[:, 0] ^ 1, known.drug)
        noise = rng.normal(size=(len(wanted), 20))
        return Completion(np.where(seen[:, None], profiles[wanted[:, 0]], noise).astype("f4"))

    monkeypatch.setattr(imputation, "run_method", copy_the_twin)
    options = {"folds": 5, "seed": FOLD_SEED}
    filled = dict(
        impute_folds(
            tensor,
            answers,
            "twin",
            {},
            SideInformation(),
            most_cells=2,
            folds=5,
            fold_seed=FOLD_SEED,
            seed=SEED,
        )
    )
    table = run_experiments(
        product,
        answers,
        "nearest_neighbours",
        **options,
        trees=10,
        similarity=unlike(2 * pairs),
        imputed=filled.__getitem__,
    ).table.query("profile_type in ['c0', 'c1']")
    of_protocol = table.set_index(["protocol", "profile_type"])
    assert of_protocol.loc["nested", "auc_completed"].mean() > 0.8
    assert of_protocol.loc[IMPUTED, "auc_completed"].mean() < 0.65
    pd.testing.assert_series_equal(
        of_protocol.loc["nested", "auc_measured"], of_protocol.loc[IMPUTED, "auc_measured"]
    )
