"""The posterior of the landmarks against the conditional mean of a planted Gaussian."""

import numpy as np
import pytest
from scipy.stats import linregress

from lacuna.errors import LacunaError
from lacuna.translation.chain import fit_step
from lacuna.translation.interface import LandmarkTraining
from lacuna.translation.judge import compare_rows
from lacuna.translation.landmarks.paired_posterior import measure_assay

GENES = 30


class Assay:
    """Landmarks that go together, and an assay that shows some of them badly."""

    def __init__(self, seed, gain_spread=0.3):
        self.rng = np.random.default_rng(seed)
        self.loadings = self.rng.normal(size=(4, GENES))
        self.gain = 0.8 + gain_spread * self.rng.uniform(-1, 1, GENES)
        self.noise = np.where(np.arange(GENES) % 3 == 0, 2.0, 0.3)
        self.covariance = self.loadings.T @ self.loadings + 0.2**2 * np.eye(GENES)

    def draw(self, samples):
        real = 6 + self.rng.normal(size=(samples, 4)) @ self.loadings
        real += 0.2 * self.rng.normal(size=real.shape)
        seen = 3 + self.gain * (real - 6) + self.noise * self.rng.normal(size=real.shape)
        return seen.astype("f4"), real.astype("f4")

    def conditional_mean(self, seen):
        """As a textbook has it: mean + C_rl C_ll^-1 (l - its mean)."""
        crossed = self.covariance * self.gain
        shown = crossed * self.gain[:, None] + np.diag(self.noise**2)
        return 6 + (seen - 3) @ np.linalg.inv(shown) @ crossed.T


def test_with_many_pairs_it_is_the_conditional_mean():
    assay = Assay(1)
    _, rnaseq = assay.draw(4000)
    training = LandmarkTraining(rnaseq[:10], rnaseq, assay.draw(4000))
    step = fit_step("landmarks", "paired_posterior", training, np.random.default_rng(0))
    seen, real = assay.draw(400)
    best = assay.conditional_mean(seen)
    np.testing.assert_allclose(step.predict(seen), best, atol=0.3)
    ours, optimum = (compare_rows(made, real).mean()["rmse"] for made in (step.predict(seen), best))
    assert ours < 1.03 * optimum


def test_with_few_pairs_it_beats_what_looks_at_each_gene_alone_and_the_ridge():
    assay = Assay(2)
    _, rnaseq = assay.draw(500)
    l1000, _ = assay.draw(500)
    training = LandmarkTraining(l1000, rnaseq, assay.draw(12))
    seen, real = assay.draw(200)
    error = {
        name: compare_rows(
            fit_step("landmarks", name, training, np.random.default_rng(0)).predict(seen), real
        ).mean()["rmse"]
        for name in ("paired_posterior", "paired_ridge", "quantiles", "moments")
    }
    assert error["paired_posterior"] < 0.8 * min(
        error[name] for name in ("paired_ridge", "quantiles", "moments")
    )


def test_gains_and_noise_of_many_pairs_are_those_of_a_regression():
    assay = Assay(3)
    seen, real = (side.astype(float) for side in assay.draw(3000))
    gain, noise = measure_assay(seen, real)
    lines = [linregress(real[:, gene], seen[:, gene]) for gene in range(GENES)]
    np.testing.assert_allclose(gain, [line.slope for line in lines], atol=0.02)
    np.testing.assert_allclose(noise, assay.noise**2, rtol=0.15)


def test_gains_of_few_pairs_are_drawn_together_as_far_as_chance_goes():
    alike, differing = Assay(4, gain_spread=0), Assay(4, gain_spread=0.8)
    for assay, drawn in ((alike, True), (differing, False)):
        seen, real = (side.astype(float) for side in assay.draw(30))
        gain, _ = measure_assay(seen, real)
        slopes = np.array([linregress(real[:, g], seen[:, g]).slope for g in range(GENES)])
        if drawn:
            assert gain.std() < 0.5 * slopes.std()
        assert np.abs(gain - assay.gain).mean() < np.abs(slopes - assay.gain).mean()
    assert gain.std() > 0.3  # and not where they differ


def test_noise_from_few_pairs_is_that_of_a_new_sample_on_average():
    rng, pairs, genes = np.random.default_rng(7), 6, 4000
    real = rng.normal(size=(pairs, genes))
    _, noise = measure_assay(0.8 * real + 0.5 * rng.normal(size=real.shape), real)
    # About the line, and of the line's height, which six samples leave uncertain.
    assert noise.mean() == pytest.approx(0.5**2 * (1 + 1 / pairs), rel=0.05)


def test_a_gene_that_does_not_vary_among_pairs_has_the_common_gain():
    assay = Assay(5)
    seen, real = (side.astype(float) for side in assay.draw(40))
    real[:, 7] = 5.0
    gain, noise = measure_assay(seen, real)
    assert np.isfinite(gain).all()
    assert np.isfinite(noise).all()
    assert np.delete(gain, 7).min() < gain[7] < np.delete(gain, 7).max()


def test_too_few_pairs_are_said():
    assay = Assay(6)
    seen, real = assay.draw(3)
    training = LandmarkTraining(seen, real, (seen, real))
    with pytest.raises(LacunaError, match="4 samples measured both ways, found 3"):
        fit_step("landmarks", "paired_posterior", training, np.random.default_rng(0))
