"""Stated errors against planted ones, and against the definition of a quantile."""

import numpy as np
import pandas as pd
import pytest
from bilingual import bilingual, translation

from lacuna.translation import errors, judge_jobs
from lacuna.translation.assess import Paired


def test_terciles_are_of_rising_expression():
    expression = np.array([5.0, 0.1, 9.0, 3.0, 0.2, 8.0])
    assert errors.terciles_of(expression).tolist() == [1, 0, 2, 1, 0, 2]
    assert np.bincount(errors.terciles_of(np.zeros(9))).tolist() == [3, 3, 3]


def planted(samples, seed=1):
    """Errors whose size differs from gene to gene, and from what step 2 knows."""
    rng = np.random.default_rng(seed)
    stderr, true = rng.uniform(0.5, 2, 300), rng.lognormal(0.5, 0.3, 300)
    error = true * stderr * rng.normal(size=(samples, 300))
    return error, stderr, true, np.repeat([0, 1, 2], 100)


def test_factors_of_many_pairs_are_root_mean_squares():
    error, stderr, true, tercile = planted(2000)
    factors = errors.measure_factors(error, stderr, tercile, np.arange(2000))
    np.testing.assert_allclose(factors, np.sqrt((error**2).mean(axis=0)) / stderr, rtol=0.01)
    np.testing.assert_allclose(factors, true, rtol=0.1)
    np.testing.assert_allclose(errors.scale(stderr, factors), stderr * factors, rtol=1e-6)


def test_factors_of_few_pairs_are_drawn_together():
    error, stderr, true, tercile = planted(3)
    factors = errors.measure_factors(error, stderr, tercile, np.arange(3))
    alone = np.sqrt((error**2).mean(axis=0)) / stderr
    assert np.std(np.log(factors / true)) < 0.9 * np.std(np.log(alone / true))
    assert np.corrcoef(np.log(factors), np.log(true))[0, 1] > 0.4


def test_a_donor_counts_once_however_many_samples_it_gave():
    error, stderr, _, tercile = planted(20)
    group = np.arange(20)
    once = errors.measure_factors(error, stderr, tercile, group)
    again = np.concatenate([error, np.repeat(error[:1], 50, axis=0)])
    twice = errors.measure_factors(again, stderr, tercile, np.concatenate([group, np.zeros(50)]))
    np.testing.assert_allclose(once, twice, rtol=1e-6)


def test_the_errors_of_a_fold_do_not_scale_its_own():
    error, stderr, _, tercile = planted(30)
    group, fold = np.arange(30), np.repeat([0, 1, 2], 10)
    scaled = errors.scale_without_own(error, stderr, tercile, group, fold)
    wild = error.copy()
    wild[:10] *= 100
    again = errors.scale_without_own(wild, stderr, tercile, group, fold)
    np.testing.assert_array_equal(scaled[:10], again[:10])
    assert (again[10:] > 5 * scaled[10:]).all()


def test_a_gene_that_step_2_never_gets_wrong_has_an_error_all_the_same():
    error, stderr, _, tercile = planted(200)
    stderr[0] = 0
    factors = errors.measure_factors(error, stderr, tercile, np.arange(200))
    stated = errors.scale(stderr, factors)[0]
    assert stated == pytest.approx(np.sqrt((error[:, 0] ** 2).mean()), rel=0.05)


@pytest.fixture(scope="module")
def noisy():
    """Step 1 adds errors of which step 2, from true landmarks, knows nothing."""
    rng = np.random.default_rng(2)
    world = bilingual(rng)
    seen = (world.seen + rng.normal(size=world.seen.shape)).astype("f4")
    paired = Paired(
        names=pd.Index(range(50)).astype(str),
        seen=seen,
        real=world.genome,
        group=np.arange(50) // 2,
        kind=np.full(50, "line"),
        mean=world.whole.genome.mean(axis=0),
        landmarks_at=np.arange(12),
    )
    model = translation(world)
    known = np.abs(model.steps[1].predict(world.truth) - world.genome)
    return replace_stderr(model, np.quantile(known, 0.6827, axis=0)), paired


def replace_stderr(model, stderr):
    return type(model)(**(model.__dict__ | {"stderr": stderr.astype("f4")}))


def test_intervals_hold_pairs_once_scaled_by_the_pairs_of_others(noisy):
    model, paired = noisy
    held, factors = judge_jobs.judge_errors(model, model.predict(paired.seen), paired, seed=3)
    whole = held[held["tercile"] == "all"].set_index("errors")["value"]
    assert whole["from true landmarks"] < 0.7
    assert 0.85 < whole["with pairs"] < 0.95
    assert list(factors["gene"]) == model.genes.genes
    assert (factors["factor"] > 1).all()
    # The gene that the noise of step 1 moves most is said to be so.
    wrong = np.sqrt(((model.predict(paired.seen) - paired.real) ** 2).mean(axis=0))
    scaled = judge_jobs.with_errors_of_pairs(model, factors.sample(frac=1, random_state=0))
    assert np.corrcoef(scaled.stderr, wrong)[0, 1] > 0.9
    expected = model.stderr * factors["factor"].to_numpy()
    np.testing.assert_allclose(scaled.stderr, expected, rtol=1e-5)
