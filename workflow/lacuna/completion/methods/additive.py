"""Additive effects of drug and cell, each shrunk by empirical Bayes.

After Robinson 1991, Stat Sci 6:15, https://doi.org/10.1214/ss/1177011926. A profile is the mean of
all, plus its drug's effect, plus its cell's. Unlike 2D-Mean it does not count the mean of all
twice, and trusts an effect the less the fewer profiles it was seen in.
"""

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.shrinkage import ROWS_AT_ONCE, best_predictors
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

METHOD = Method(
    label="Additive",
    summary="the mean of all plus effects of drug and cell, shrunk by how often they were seen",
    source="after Robinson 1991, https://doi.org/10.1214/ss/1177011926",
    quick=True,
    needs=(OTHER_CELLS,),
)
PASSES = 10  # over drugs and cells in turn, until neither effect changes any more


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Predict:
    """Predict the mean of all profiles plus the effects of the drug and of the cell."""
    mean = observed.profiles.mean(axis=0, dtype=np.float64)
    residual = observed.profiles - mean
    drug_effect = np.zeros((len(observed.drugs), len(mean)))
    cell_effect = np.zeros((len(observed.cells), len(mean)))
    for _ in range(PASSES):
        without = _less(residual, drug_effect, observed.drug)
        cell_effect = best_predictors(without, observed.cell, len(cell_effect))
        without = _less(residual, cell_effect, observed.cell, without)
        drug_effect = best_predictors(without, observed.drug, len(drug_effect))

    def predict(pairs: np.ndarray) -> Completion:
        drug, cell = pairs.T
        profiles = mean + drug_effect[drug] + cell_effect[cell]
        return Completion(profiles.astype(np.float32), ~np.isin(drug, observed.drug))

    return predict


def _less(
    rows: np.ndarray, effect: np.ndarray, group: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Return the rows less the effects of their groups, without a copy of these for each row."""
    left = np.empty_like(rows) if out is None else out
    for part in slices(len(rows), ROWS_AT_ONCE):
        left[part] = rows[part] - effect[group[part]]
    return left
