"""Every step against its definition, or against a planted truth; the contract for all of them."""

from dataclasses import replace

import numpy as np
import pytest
from bilingual import bilingual
from scipy import linalg
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge

from lacuna.completion.card import declared_options
from lacuna.errors import LacunaError
from lacuna.translation import card, chain
from lacuna.translation.genome import ridge
from lacuna.translation.interface import Affine, GenomeTraining, LandmarkTraining
from lacuna.translation.judge import compare_rows
from lacuna.translation.trainers.extrapolator import SET_ASIDE

QUICK = {"cyclegan": {"epochs": 2, "width": 16}, "extrapolator": {"epochs": 3, "widths": [16, 8]}}
STEPS = [(kind, name) for kind in card.PACKAGES for name in card.available(kind)]


@pytest.fixture(scope="module")
def world():
    return bilingual(np.random.default_rng(5))


def fitted(kind, name, world, seed=1, **options):
    training = world.steps if kind == "landmarks" else world.whole
    rng = np.random.default_rng(seed)
    return chain.fit_step(kind, name, training, rng, QUICK.get(name, {}) | options)


@pytest.mark.parametrize(("kind", "name"), STEPS)
def test_a_step_keeps_its_contract(kind, name, world):
    step = fitted(kind, name, world)
    given = world.seen if kind == "landmarks" else world.truth
    made = step.predict(given)
    width = given.shape[1] if kind == "landmarks" else world.genome.shape[1]
    assert made.shape == (len(given), width)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    again = fitted(kind, name, world)
    np.testing.assert_array_equal(made, again.predict(given))  # the same seed, the same step
    alone = np.concatenate([step.predict(row[None]) for row in given[:5]])
    np.testing.assert_allclose(alone, made[:5], atol=2e-4)  # whatever stands beside a profile
    order = np.random.default_rng(0).permutation(len(given))
    np.testing.assert_allclose(step.predict(given[order]), made[order], atol=2e-4)
    restored = chain.restore_step(kind, name, step.state())
    np.testing.assert_allclose(restored.predict(given), made, atol=1e-5)


@pytest.mark.parametrize(("kind", "name"), STEPS)
def test_a_card_says_whether_differences_pass(kind, name, world):
    step, about = fitted(kind, name, world), card.step_card(kind, name)
    given = world.seen if kind == "landmarks" else world.truth
    between = step.difference(given[:4] - given[4:8])
    assert (between is not None) == about.linear
    if about.linear:
        expected = step.predict(given[:4]) - step.predict(given[4:8])
        np.testing.assert_allclose(between, expected, atol=1e-3)
    assert about.label
    assert about.summary
    declared_options(card.step_module(kind, name).fit)


def test_ratio_is_the_paper_s_definition(world):
    made = fitted("landmarks", "ratio", world).predict(world.seen)
    scale = world.steps.rnaseq.mean(axis=0) / world.steps.l1000.mean(axis=0)
    np.testing.assert_allclose(made, world.seen * scale, rtol=1e-4)


def test_a_gene_that_l1000_never_sees_becomes_its_mean(world):
    l1000 = world.steps.l1000.copy()
    l1000[:, 3] = 0
    training = LandmarkTraining(l1000, world.steps.rnaseq)
    made = chain.fit_step("landmarks", "ratio", training, np.random.default_rng(0))
    np.testing.assert_allclose(
        made.predict(l1000)[:, 3], world.steps.rnaseq[:, 3].mean(), rtol=1e-5
    )


def test_quantiles_give_each_gene_its_distribution_and_keep_its_order(world):
    step = fitted("landmarks", "quantiles", world)
    made = step.predict(world.steps.l1000)
    for percent in (1, 25, 50, 90, 99):
        np.testing.assert_allclose(
            np.percentile(made, percent, axis=0),
            np.percentile(world.steps.rnaseq, percent, axis=0),
            atol=0.05,
        )
    one = np.linspace(-50, 50, 400)[:, None] * np.ones(made.shape[1])
    assert (np.diff(step.predict(one), axis=0) >= 0).all()  # beyond what was seen, too
    far = step.predict(np.array([one[-1], one[-1] + 7]))
    np.testing.assert_allclose(far[1] - far[0], 7, rtol=1e-5)


@pytest.mark.parametrize("name", ["moments", "coral"])
def test_mean_and_covariance_become_those_of_rnaseq(name, world):
    step = fitted("landmarks", name, world)
    made = step.predict(world.steps.l1000).astype(float)
    np.testing.assert_allclose(made.mean(axis=0), world.steps.rnaseq.mean(axis=0), atol=1e-3)
    covariances = []  # as Ledoit and Wolf shrink them, of standardised genes in `moments`
    for side in (world.steps.l1000, world.steps.rnaseq):
        scale = side.std(axis=0, dtype=float) if name == "moments" else np.ones(side.shape[1])
        shrunk, _ = ledoit_wolf((side - side.mean(axis=0, dtype=float)) / scale)
        covariances.append(shrunk * np.outer(scale, scale))
    became = step.weights.T @ covariances[0] @ step.weights
    np.testing.assert_allclose(became, covariances[1], atol=1e-6 * covariances[1].max())


def test_moments_move_standardised_genes_as_little_as_possible(world):
    """The transport between Gaussians is the symmetric root of Flamary 2019, equation 4."""
    step = fitted("landmarks", "moments", world)
    scales = [side.std(axis=0, dtype=float) for side in (world.steps.l1000, world.steps.rnaseq)]
    between = step.weights * scales[0][:, None] / scales[1]
    np.testing.assert_allclose(between, between.T, atol=1e-6)
    assert linalg.eigvalsh(between).min() > 0


def test_pairs_undo_the_mixing_of_genes_that_no_gene_alone_undoes():
    world = bilingual(np.random.default_rng(6), mix=0.4)
    error = {
        name: compare_rows(
            fitted("landmarks", name, world).predict(world.seen), world.truth
        ).mean()["rmse"]
        for name in ("ratio", "quantiles", "paired_ridge")
    }
    assert error["paired_ridge"] < 0.3 * min(error["ratio"], error["quantiles"])


@pytest.mark.parametrize("name", ["cyclegan", "moments"])
def test_landmarks_in_another_order_on_one_side_cost_accuracy(world, name):
    order = np.roll(np.arange(world.seen.shape[1]), 1)
    swapped = LandmarkTraining(world.steps.l1000[:, order], world.steps.rnaseq, world.steps.pairs)
    right = fitted("landmarks", name, world)
    wrong = chain.fit_step(
        "landmarks", name, swapped, np.random.default_rng(1), QUICK.get(name, {})
    )
    errors = [
        compare_rows(step.predict(seen), world.truth).mean()["rmse"]
        for step, seen in ((right, world.seen), (wrong, world.seen[:, order]))
    ]
    assert errors[0] < 0.6 * errors[1]


def test_too_few_pairs_are_said(world):
    few = LandmarkTraining(world.steps.l1000, world.steps.rnaseq, (world.seen[:2], world.truth[:2]))
    for training, found in ((few, 2), (LandmarkTraining(few.l1000, few.rnaseq), 0)):
        with pytest.raises(LacunaError, match=f"3 samples measured both ways, found {found}"):
            chain.fit_step("landmarks", "paired_ridge", training, np.random.default_rng(0))


def test_ridge_is_scikit_learns_and_its_blocks_do_not_matter(world, monkeypatch):
    monkeypatch.setattr(ridge, "GENES_AT_ONCE", 7)
    monkeypatch.setattr(ridge, "SAMPLES_AT_ONCE", 33)
    step = fitted("genome", "ridge", world)
    penalty = ridge.choose_penalty(world.whole, np.random.default_rng(1))
    x = world.whole.landmarks.astype(float)
    alpha = penalty * x.var(axis=0).mean()
    expected = Ridge(alpha).fit(x, world.whole.genome.astype(float))
    np.testing.assert_allclose(step.predict(world.truth), expected.predict(world.truth), atol=1e-3)


def test_noise_of_step_1_shrinks_the_weights_as_drawn_noise_does(world):
    noise = np.linspace(0, 2, world.truth.shape[1])
    exact = chain.fit_step(
        "genome",
        "ridge",
        GenomeTraining(world.whole.landmarks, world.whole.genome, world.whole.study, noise),
        np.random.default_rng(1),
    )
    rng = np.random.default_rng(2)
    many = np.concatenate([world.whole.landmarks] * 200).astype(float)
    drawn = many + noise * rng.normal(size=many.shape)
    expected = LinearRegression().fit(drawn, np.concatenate([world.whole.genome] * 200))
    np.testing.assert_allclose(exact.weights, expected.coef_.T, atol=0.03)


def test_the_penalty_is_chosen_on_studies_that_were_left_out():
    """What tells a study's genes says nothing of another study's."""
    rng = np.random.default_rng(7)
    study = np.repeat(np.arange(10), 20)
    marks = 3 * rng.normal(size=(10, 10))[study] + 0.01 * rng.normal(size=(200, 10))
    genome = rng.normal(size=(10, 30))[study]  # a study's own, which no other foretells
    training = GenomeTraining(marks.astype("f4"), genome.astype("f4"), study, np.zeros(10))
    by_study = ridge.choose_penalty(training, np.random.default_rng(0))
    by_sample = ridge.choose_penalty(
        GenomeTraining(training.landmarks, training.genome, np.arange(200), training.noise),
        np.random.default_rng(0),
    )
    assert by_study >= 100 * by_sample


def test_studies_are_never_divided():
    study = np.array(list("aabbbcddde"))
    folds = ridge.deal_studies(study, 3, np.random.default_rng(0))
    assert sum(folds).tolist() == [1] * len(study)
    for fold in folds:
        assert set(study[fold]).isdisjoint(study[~fold])
    alone = ridge.deal_studies(np.array(["a"] * 6), 3, np.random.default_rng(0))
    assert sorted(fold.sum() for fold in alone) == [2, 2, 2]


def test_principal_components_are_scikit_learns(world):
    step = fitted("genome", "principal_components", world, components=4)
    pca = PCA(4).fit(world.whole.landmarks)
    expected = LinearRegression().fit(pca.transform(world.whole.landmarks), world.whole.genome)
    np.testing.assert_allclose(
        step.predict(world.truth), expected.predict(pca.transform(world.truth)), atol=1e-3
    )


def test_nearest_samples_are_averaged(world):
    made = fitted("genome", "nearest", world, neighbours=3).predict(world.truth)
    marks = world.whole.landmarks
    for row, truth in zip(made, world.truth, strict=True):
        likeness = [np.corrcoef(truth, mark)[0, 1] for mark in marks]
        nearest = np.argsort(likeness)[-3:]
        np.testing.assert_allclose(row, world.whole.genome[nearest].mean(axis=0), rtol=1e-4)


def test_the_extrapolator_learns_what_the_landmarks_say(world):
    step = fitted("genome", "extrapolator", world, epochs=60, widths=[32], learning_rate=0.003)
    mean = np.broadcast_to(world.whole.genome.mean(axis=0), world.genome.shape)
    ours, controls = (
        compare_rows(p, world.genome).mean() for p in (step.predict(world.truth), mean)
    )
    assert ours["rmse"] < 0.35 * controls["rmse"]


def test_the_extrapolator_stops_on_studies_that_were_set_aside():
    """What tells a study's genes, which can be learnt, says nothing of another study's."""
    rng = np.random.default_rng(7)
    study = np.repeat(np.arange(10), 20)
    marks = 3 * rng.normal(size=(10, 10))[study] + 0.01 * rng.normal(size=(200, 10))
    genome = rng.normal(size=(10, 30))[study]
    training = GenomeTraining(marks.astype("f4"), genome.astype("f4"), study, np.zeros(10))
    options = {"epochs": 60, "widths": [32], "learning_rate": 0.01}
    step = chain.fit_step("genome", "extrapolator", training, np.random.default_rng(0), options)
    best = step.losses["validation"].argmin()
    assert len(step.losses) == best + 4 < 60  # three epochs without a lower loss
    last = step.losses.iloc[-1]
    assert last["training"] < 0.5 * last["validation"]


def test_the_extrapolator_learns_from_landmarks_with_the_noise_of_step_1(world):
    """What is learnt from cannot be predicted as well then."""
    options = {"epochs": 4, "widths": [32], "learning_rate": 0.01}  # too few to stop early
    losses = []
    for noise in (0.0, 3 * world.truth.std()):
        training = replace(world.whole, noise=np.full(world.truth.shape[1], noise))
        step = chain.fit_step("genome", "extrapolator", training, np.random.default_rng(0), options)
        losses.append(step.losses.iloc[-1])
    for kind in ("training", "validation"):
        assert losses[1][kind] > 1.5 * losses[0][kind]


def test_the_extrapolator_is_scaled_by_the_samples_that_it_learns_from(world):
    step = fitted("genome", "extrapolator", world, epochs=1)
    aside = ridge.deal_studies(world.whole.study, SET_ASIDE, np.random.default_rng(1))[0]
    for scale, rows in ((step.before, world.whole.landmarks), (step.after, world.whole.genome)):
        np.testing.assert_allclose(scale.mean, rows[~aside].mean(axis=0), rtol=1e-5)
        assert np.abs(scale.mean - rows.mean(axis=0)).max() > 1e-3


def test_an_unknown_step_or_option_is_named():
    with pytest.raises(LacunaError, match=r"unknown step 'rigde'.*ridge"):
        card.step_card("genome", "rigde")
    with pytest.raises(LacunaError, match=r"nearest has no option 'neighbors'.*neighbours"):
        card.check_step_options("genome", "nearest", {"neighbors": 3})
    with pytest.raises(LacunaError, match="neighbours is 0, expected at least 1"):
        card.check_step_options("genome", "nearest", {"neighbours": 0})


def test_affine_of_one_weight_a_gene_is_the_diagonal_matrix():
    rng = np.random.default_rng(0)
    weights, offset, rows = rng.normal(size=5), rng.normal(size=5), rng.normal(size=(3, 5))
    one, all_ = Affine(weights, offset), Affine(np.diag(weights), offset)
    np.testing.assert_allclose(one.predict(rows), all_.predict(rows), rtol=1e-5)
    np.testing.assert_allclose(one.difference(rows), all_.difference(rows), rtol=1e-5)
