"""Additive effects of drug and cell, and factors of drugs that each cell decodes in its own way.

    x_dc = mean + b_c + a_d + P (W_c' z_d + e_d) + noise

The mean of all profiles and the effects b of the cell and a of the drug are those of Additive, but
for what a has along P: the leading principal components of what mean and cells leave of the
profiles. There each drug has a few factors z_d, which each cell decodes by a matrix W_c of its own,
shrunk to the mean of all cells (see `lacuna.completion.shared.factors`), and e_d is the drug's
shrunken effect on what that leaves. It is the linear counterpart of an autoencoder with a decoder
for each cell.

How many components are decoded, how many factors there are, and by which ridge penalty decoders are
shrunk, is chosen for each training set by the squared error of held-out training profiles; no
factors are a choice, too. The standard error is that of factors and decoders, calibrated on the
same held-out profiles.

Assumptions
-----------
What a drug does beyond plain effects has a few factors, which each cell decodes linearly. Cells
decode alike, unless their profiles say otherwise.

When it fails
-------------
With few profiles it chooses no factors and is the additive model. It reads neither structures nor
baseline expression: a drug without profiles gets a plain mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import eigh

from lacuna.completion.card import OTHER_CELLS, Method
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.error_scale import Calibration
from lacuna.completion.shared.factors import Factors, Places, first_factors, fit_factors
from lacuna.completion.shared.holdout import WARM, Holdout, draw_holdouts
from lacuna.completion.shared.shrinkage import Effects, best_predictors
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Factor model",
    summary=(
        "effects of drug and cell, and a few factors of each drug, which each cell decodes in its "
        "own way; with a standard error"
    ),
    source="after Ilin and Raiko 2010, https://jmlr.org/papers/v11/ilin10a.html",
    needs=(OTHER_CELLS,),
)
# To choose from, and where the choice starts.
COMPONENTS, RANKS = (12, 24, 48), (0, 2, 4, 8, 16, 32)
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# Share of a profile that counts as unexplained at least: a few profiles can be fitted exactly.
LEAST_UNEXPLAINED = 0.01


class Setting(NamedTuple):
    """What is chosen.

    Attributes
    ----------
    components : int
        How many principal components of the genes are decoded, at most.
    rank : int
        How many factors a drug has, at most.
    penalty : float
        As how many drugs the mean decoder counts in each cell.
    """

    components: int = 24
    rank: int = 16
    penalty: float = 30.0


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Predict:
    """Choose a setting on held-out training profiles, then fit to all."""
    setting, calibration = choose(list(draw_holdouts(observed, WARM, rng)))
    print(f"factor_model: {setting}")
    model = Components(observed).fit(setting)

    def predict(pairs: np.ndarray) -> Completion:
        profiles, variance = model.predict(pairs)
        is_new = ~np.isin(pairs[:, 0], observed.drug)
        stderr = calibration.stderr(variance).astype(np.float32)
        return Completion(profiles.astype(np.float32), is_new, stderr)

    return predict


def choose(holdouts: Sequence[Holdout]) -> tuple[Setting, Calibration]:
    """Choose on held-out profiles: the number of components, then the rank, then the penalty.

    Returns
    -------
    setting : Setting
        Without factors where nothing is held out.
    calibration : Calibration
        Of the standard errors with it.
    """
    setting = Setting()
    if not holdouts:
        return setting._replace(rank=0), Calibration()
    training = [Components(holdout.training) for holdout in holdouts]
    held_out = np.concatenate([holdout.held_out.profiles for holdout in holdouts])

    @cache
    def errors(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
        """Return the errors, and the variances that the model states."""
        predicted = [
            components.fit(setting).predict(holdout.held_out.pairs)
            for components, holdout in zip(training, holdouts, strict=True)
        ]
        profiles, variance = (np.concatenate(part) for part in zip(*predicted, strict=True))
        return profiles - held_out, variance

    steps: dict[str, Sequence[Any]]
    steps = {"components": COMPONENTS, "rank": RANKS, "penalty": PENALTIES}
    for name, values in steps.items():
        choices = [setting._replace(**{name: value}) for value in values]
        setting = min(choices, key=lambda choice: (errors(choice)[0] ** 2).sum())
    return setting, Calibration.fit(*errors(setting))


@dataclass(frozen=True)
class FactorModel:
    """A fitted model.

    Attributes
    ----------
    effects : Effects
        Those of the drugs have nothing along the directions.
    directions : array of shape (genes, components), orthonormal
        P.
    factors : Factors
        z and W, their scores along P.
    drug : array of shape (drugs, components)
        e: the drugs' effects on what the factors leave along P.
    unexplained : float
        The variance of an entry that no training profile explains.
    """

    effects: Effects
    directions: np.ndarray
    factors: Factors
    drug: np.ndarray
    unexplained: float

    def predict(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return profiles, float64 (pairs, genes), and the variance of an entry of each."""
        scores, variance = self.factors.predict(pairs)
        along = (scores + self.drug[pairs[:, 0]]) @ self.directions.T
        unexplained = self.unexplained + variance / len(self.directions)
        return self.effects.of(pairs) + along, unexplained


class Components:
    """Training profiles less the effects of their cells, along the leading components of these."""

    def __init__(self, observed: ProfileSet):
        self._effects = effects = Effects.fit(observed)
        left = observed.profiles - effects.of(observed.pairs)
        left += effects.drug[observed.drug]
        genes = left.shape[1]
        count = min(max(COMPONENTS), genes, len(left))
        _, directions = eigh(left.T @ left, subset_by_index=(genes - count, genes - 1))
        self._directions = directions[:, ::-1]  # leading ones first
        self._scores = left @ self._directions
        self._places = Places(observed)
        self._first: dict[int, np.ndarray] = {}

    def fit(self, setting: Setting) -> FactorModel:
        """Fit factors to the scores, and the drugs' effects to what they leave."""
        count, places = setting.components, self._places
        scores, directions = self._scores[:, :count], self._directions[:, :count]
        if count not in self._first:
            self._first[count] = first_factors(scores, places, max(RANKS))
        first = self._first[count][:, : setting.rank]
        factors = fit_factors(scores, places, first, setting.penalty)
        left = scores - factors.predict(places.pairs)[0]
        of_drug = best_predictors(left, places.drug, len(places.measured))
        outside = self._effects.drug - self._effects.drug @ directions @ directions.T
        unexplained = max(factors.noise * scores.shape[1], LEAST_UNEXPLAINED) / len(directions)
        effects = replace(self._effects, drug=outside)
        return FactorModel(effects, directions, factors, of_drug, unexplained)
