"""The mean of the line at the dose, and what the drug does beyond it elsewhere."""

import numpy as np
import pandas as pd

from lacuna.completion.shared.shrinkage import best_predictors
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods import line_mean
from lacuna.single_cell.methods.shared import checked, predicted
from lacuna.single_cell.rows import rows_by
from lacuna.single_cell.seen import Known

METHOD = Method(
    label="Additive",
    summary="the line mean, and what the drug did beyond it in other lines; no structure is read",
    source="after Robinson 1991, https://doi.org/10.1214/ss/1177011926",
)


def predict(seen: Seen, wanted: pd.DataFrame, rng: np.random.Generator) -> Predicted:
    """Predict the line mean, and the effect of the drug at its nearest dose.

    The effect of a drug at a dose is the mean, over lines where it was seen, of its difference
    from the line mean, shrunk the more the fewer lines there are. A drug never seen has no effect:
    the prediction is then the line mean.
    """
    wanted = checked("additive", seen, wanted)
    mean = line_mean.predict(seen, wanted, rng)
    known = Known.of(seen)
    change = known.change
    beyond = change - _means(known, change)
    groups = known.conditions.groupby(["drug", "dose"])
    effect = best_predictors(beyond, groups.ngroup().to_numpy(), groups.ngroups)
    effects = groups.size().reset_index()
    profiles = mean.mean.astype(float)
    for rows in rows_by(wanted, ["drug", "dose"]):
        own = np.flatnonzero(effects["drug"] == wanted["drug"].iloc[rows[0]])
        if len(own):
            dose = np.log(wanted["dose"].iloc[rows[0]])
            off = np.abs(np.log(effects["dose"].to_numpy()[own]) - dose)
            profiles[rows] += effect[own[int(off.argmin())]]
    return predicted(wanted, profiles, None)


def _means(known: Known, change: np.ndarray) -> np.ndarray:
    """Return the mean change in the line at the dose of each condition."""
    means = np.empty_like(change)
    for rows in rows_by(known.conditions, ["line", "dose"]):
        means[rows] = change[rows].mean(axis=0)
    return means
