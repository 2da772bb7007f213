"""Additive effects of drug and cell, each shrunk by empirical Bayes.

After Robinson 1991, Stat Sci 6:15, https://doi.org/10.1214/ss/1177011926. A profile is the mean of
all, plus its drug's effect, plus its cell's. Unlike 2D-Mean it does not count the mean of all
twice, and trusts an effect the less the fewer profiles it was seen in.

    x_dc = m + a_d + b_c,   a_d = n_d / (n_d + lambda) (mean over c of x_dc - m - b_c)

and the same for b_c, in turn; m is the mean of all profiles, n_d the number of the drug's, and
lambda the variance within drugs over that between them, for all genes together.

Assumptions
-----------
Drug and cell act independently: a drug moves every cell by the same profile. The mean of a drug's
few profiles deserves the less trust the noisier single profiles are.

When it fails
-------------
Where a drug acts in some cells only, or the other way round: it predicts no interaction, and scores
0 where the means of drugs and cells are removed. A drug without profiles gets the cell's mean.
"""

from collections.abc import Mapping

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Simple
from lacuna.completion.interface import Completion, Fitted, SideInformation
from lacuna.completion.shared.shrinkage import Effects
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Additive",
    summary="the mean of all plus effects of drug and cell, shrunk by how often they were seen",
    source="after Robinson 1991, https://doi.org/10.1214/ss/1177011926",
    quick=True,
    needs=(OTHER_CELLS,),
    simple=Simple(
        "the mean of all plus effects of drug and cell",
        "the mean of all plus the cell's effect",
        "the mean of all plus the drug's effect",
    ),
)


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Fitted:
    """Predict the mean of all profiles plus the effects of the drug and of the cell."""
    return restore(observed, side, vars(Effects.fit(observed)))


def restore(observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]) -> Fitted:
    """Predict by effects that were learnt before."""
    effects = Effects(state["mean"], state["drug"], state["cell"])
    genes = len(observed.genes)
    shapes = [(genes,), (len(observed.drugs), genes), (len(observed.cells), genes)]
    if [effect.shape for effect in vars(effects).values()] != shapes:
        raise ValueError("effects of Additive are of other drugs, cells or genes")

    def predict(pairs: np.ndarray) -> Completion:
        is_new = ~np.isin(pairs[:, 0], observed.drug)
        return Completion(effects.of(pairs).astype(np.float32), is_new)

    return Fitted(predict, vars(effects))
