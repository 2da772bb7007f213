"""KNN over drugs and over cells, blended (Hodos et al. 2018, their code and figure S1).

DNPP and KNN over cells, weighted such that training profiles are predicted best. The authors choose
the weight by a 5-fold cross-validation; here each training profile is hidden alone, which depends
on no chance.

    x_dc = share KNN_cells(d, c) + (1 - share) DNPP(d, c)

Assumptions
-----------
Those of DNPP and of KNN over cells; and one share suits all pairs.

When it fails
-------------
Where both do. With no drug in three cells nothing can be hidden, and the share is one half. A drug
or cell without profiles gets a mean.
"""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.dense import replace_cold_starts
from lacuna.completion.shared.neighbours import (
    Neighbours,
    exchange_axes,
    predict_each_from_others,
)
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="KNN, drugs and cells",
    summary="DNPP and KNN over cells, weighted by how well they predict training profiles",
    source="the code of Hodos et al. 2018, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
)
SHARES = np.arange(21) / 20  # of the cells' prediction; the rest is the drugs'
ENOUGH_CELLS = 3  # that a drug is measured in, for its profiles to choose the share
NO_CHOICE = 0.5  # the share where no profile can be hidden


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many drugs, and cells, are averaged", ge=1)] = 10,
) -> Predict:
    """Predict share x KNN over cells + (1 - share) x DNPP.

    Where neither of them has anything to go by, this is a mean of means, a fallback; where the drug
    or the cell has no profile, see `replace_cold_starts`.
    """
    share = choose_share(observed, neighbours)
    print(f"knn_drugs_cells: {share:.2f} of the prediction is that of the cells")
    by_drugs = Neighbours(observed, neighbours)
    by_cells = Neighbours(exchange_axes(observed), neighbours)

    def predict(pairs: np.ndarray) -> Completion:
        over_drugs, blind = by_drugs.predict(pairs)
        over_cells, blind_too = by_cells.predict(pairs[:, ::-1])
        blended = (share * over_cells + (1 - share) * over_drugs).astype(np.float32)
        profiles, _ = replace_cold_starts(observed, blended, pairs)  # blind in both
        return Completion(profiles, blind & blind_too)

    return predict


def choose_share(observed: ProfileSet, neighbours: int) -> float:
    """Return the share of the cells with the highest PCT of hidden training profiles.

    Each profile is hidden alone, of drugs with at least 3 profiles in cells with at least 2. Of
    equal shares, the smallest is taken.

    Parameters
    ----------
    observed
        The training profiles.
    neighbours
        How many drugs, and cells, are averaged.
    """
    cells = np.bincount(observed.drug, minlength=len(observed.drugs))[observed.drug]
    drugs = np.bincount(observed.cell, minlength=len(observed.cells))[observed.cell]
    hidden = np.flatnonzero((cells >= ENOUGH_CELLS) & (drugs > 1))
    if not len(hidden):
        return NO_CHOICE
    truth = observed.profiles[hidden].ravel()
    over_drugs = predict_each_from_others(observed, neighbours)[hidden].ravel()
    over_cells = predict_each_from_others(exchange_axes(observed), neighbours)[hidden].ravel()
    # The PCT of any share follows from the moments of the two predictions and the truth.
    moments = np.cov([truth, over_drugs, over_cells])
    weights = np.column_stack([1 - SHARES, SHARES])
    with_truth = weights @ moments[0, 1:]
    spread = np.einsum("sa,ab,sb->s", weights, moments[1:, 1:], weights)
    scores = with_truth / np.sqrt(np.maximum(spread, np.finfo(float).tiny))
    return float(SHARES[np.argmax(scores)])
