"""What figures show of translated samples: principal components, and single samples."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from lacuna.translation.assess import Paired
from lacuna.translation.judge import pearson

LEAST_SAMPLES = 3  # of a tissue; fewer span no plane
PLATFORMS = ("RNA-seq", "translated", "L1000")
PLACES = {"low": 0.05, "middle": 0.5, "high": 0.95}  # quantiles of the correlation


def principal_components(paired: Paired, predicted: np.ndarray, kind: np.ndarray) -> pd.DataFrame:
    """Project measured, translated and L1000 samples of each tissue, on their landmark genes.

    Parameters
    ----------
    paired
        The samples.
    predicted : array of shape (n, genes)
        Translated.
    kind : array of str of shape (n,)
        The tissue of each sample.

    Returns
    -------
    DataFrame with columns kind, sample, platform, pc1, pc2, share1, share2
        share: of the variance of all three platforms' samples of the tissue.
    """
    tables = []
    for name in np.unique(kind):
        rows = np.flatnonzero(kind == name)
        if len(rows) < LEAST_SAMPLES:
            continue
        sides = (
            paired.real[rows][:, paired.landmarks_at],
            predicted[rows][:, paired.landmarks_at],
            paired.seen[rows],
        )
        pca = PCA(2, svd_solver="full")
        first, second = pca.fit_transform(np.concatenate(sides)).T
        share = pca.explained_variance_ratio_
        tables.append(
            pd.DataFrame(
                {
                    "kind": name,
                    "sample": np.tile(paired.names[rows], len(sides)),
                    "platform": np.repeat(PLATFORMS, len(rows)),
                    "pc1": first,
                    "pc2": second,
                    "share1": share[0],
                    "share2": share[1],
                }
            )
        )
    columns = ["kind", "sample", "platform", "pc1", "pc2", "share1", "share2"]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]


def single_samples(paired: Paired, predicted: np.ndarray, genes: list[str]) -> pd.DataFrame:
    """Return a sample of low, of middle and of high correlation, gene by gene.

    Returns
    -------
    DataFrame with columns place, sample, pearson, gene, real, predicted
    """
    scores = pearson(predicted, paired.real)
    order = np.argsort(scores, kind="stable")
    tables = []
    for place, quantile in PLACES.items():
        row = order[round(quantile * (len(order) - 1))]
        tables.append(
            pd.DataFrame(
                {
                    "place": place,
                    "sample": paired.names[row],
                    "pearson": scores[row],
                    "gene": genes,
                    "real": paired.real[row],
                    "predicted": predicted[row],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
