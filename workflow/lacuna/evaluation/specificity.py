"""How well predictions preserve the drugs' cell specificity."""

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import bootstrap_weights, intervals
from lacuna.evaluation.correlation import correlation_of, pair_moments
from lacuna.evaluation.held_out import HeldOut
from lacuna.tensor.profiles import ProfileSet
from lacuna.tensor.specificity import cell_specificity
from lacuna.vectors import unit_rows


def score_specificity(held_out: HeldOut, tensor: ProfileSet) -> pd.DataFrame:
    """Return the cell specificity of each drug with two held-out profiles, measured and predicted.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    tensor
        Names the drugs.

    Returns
    -------
    DataFrame with columns drug, cells, measured, predicted
        See `cell_specificity`; both over the same cells, of predictions scaled to unit length.
    """
    table = cell_specificity(held_out.unit_truth, held_out.drug)
    predicted = cell_specificity(unit_rows(held_out.predicted), held_out.drug)["specificity"]
    table["drug"] = tensor.drugs[table["drug"]]
    return table.rename(columns={"specificity": "measured"}).assign(predicted=predicted)


def specificity_kept(specificity: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Say how well methods preserve the drugs' cell specificity.

    Hodos et al. 2018, figure 4 (doi:10.1142/9789813235533_0004), show it for single drugs.

    Parameters
    ----------
    specificity
        method, drug, measured, predicted: `score_specificity` of every method, below each other;
        all methods of the same drugs.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns method, drugs, metric, value, low, high
        With x the measured and y the predicted specificity of a drug, correlation: Pearson's r of
        x and y over drugs; slope: sum(x y) / sum(x x), the least-squares line through the origin,
        below 1 where predictions differ less between cells than they should. low, high: 95 %
        bootstrap interval over drugs, of the same draws for each method, NaN with too few drugs.
    """
    drugs = specificity["drug"].nunique()
    weights = bootstrap_weights(drugs, rng)
    tables = []
    for method, rows in specificity.groupby("method", sort=False):
        moments = pair_moments(rows[["measured"]].to_numpy(), rows[["predicted"]].to_numpy())
        sums = weights @ moments
        _, _, _, measured_squared, _, product = sums.T
        scores = {"correlation": correlation_of(sums), "slope": product / measured_squared}
        table = intervals(pd.DataFrame(scores))
        table.insert(0, "drugs", drugs)
        table.insert(0, "method", method)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
