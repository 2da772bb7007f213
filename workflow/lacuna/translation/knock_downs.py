"""Is the gene that was knocked down low in its own signature, before and after translation?

Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5) name it as a limitation that the translated
profile predicts just this gene badly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError

TARGETS = [
    *("signature", "target", "rank_before", "genes_before", "share_before"),
    *("rank_after", "genes_after", "share_after"),
]


@dataclass(frozen=True)
class TargetScores:
    """Signatures of knock-downs, before or after translation.

    Attributes
    ----------
    score : array of shape (signatures, genes)
        Fold change or coefficient of the Characteristic Direction; negative is lowered.
    genes : sequence of str
        Symbols.
    """

    score: np.ndarray
    genes: Sequence[str]


def rank_targets(
    signatures: Sequence[str], targets: Sequence[str], before: TargetScores, after: TargetScores
) -> pd.DataFrame:
    """Rank the target of each knock-down among the genes, the most lowered first.

    Parameters
    ----------
    signatures
        Their names.
    targets
        The symbol of the gene that each knocks down (or out).
    before, after
        The same signatures from L1000 profiles and from translated ones.

    Returns
    -------
    DataFrame, one row per signature
        `TARGETS`: rank 1 is the most lowered, of equal scores the mean rank is taken; share: (rank
        - 1) / (genes - 1), 0 for the lowest, 0.5 by chance; NaN where the target is not among the
        genes.

    Raises
    ------
    LacunaError
        If there are not as many targets and scores as signatures.
    """
    table = pd.DataFrame({"signature": list(signatures)})
    for name, count in (
        ("targets", len(targets)),
        ("scores before translation", len(before.score)),
        ("scores after translation", len(after.score)),
    ):
        if count != len(table):
            raise LacunaError(f"{count} {name} for {len(table)} signatures; expected one for each.")
    table["target"] = list(targets)
    for when, scores in (("before", before), ("after", after)):
        place = {symbol: at for at, symbol in reversed(list(enumerate(scores.genes)))}
        ranks = [
            _rank(np.asarray(row), place.get(target))
            for row, target in zip(scores.score, targets, strict=True)
        ]
        table[f"rank_{when}"] = ranks
        table[f"genes_{when}"] = len(scores.genes)
        table[f"share_{when}"] = (table[f"rank_{when}"] - 1) / max(len(scores.genes) - 1, 1)
    return table[TARGETS]


def _rank(score: np.ndarray, target: int | None) -> float:
    if target is None:
        return np.nan
    lower, equal = np.sum(score < score[target]), np.sum(score == score[target])
    return float(lower + (equal + 1) / 2)
