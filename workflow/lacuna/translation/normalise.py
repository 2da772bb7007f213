"""RNA-seq counts to comparable log2 profiles, against a reference that was fixed in training."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from lacuna.errors import LacunaError, listed

PER_MILLION = 1e6
LOGARITHMS = {"log2": np.log2, "log10": np.log10}


def log_cpm(counts: np.ndarray, samples: pd.Index, logarithm: str = "log2") -> np.ndarray:
    """Return log(CPM + 1) over the genes given; TPM are scaled the same way.

    Counts per million of the genes that are kept, not of the whole library: Jeon et al. 2022,
    https://doi.org/10.1186/s12859-022-04895-5.

    Parameters
    ----------
    counts : array of shape (n, genes)
        Counts or TPM, none negative.
    samples
        Their names, for messages.
    logarithm
        "log2", as the paper says, or "log10", as the authors' code has it.

    Returns
    -------
    float32 array of shape (n, genes)

    Raises
    ------
    LacunaError
        If a sample has no count at all.
    """
    total = counts.sum(axis=1, dtype=np.float64)
    if (total <= 0).any():
        raise LacunaError(
            f"sample {listed(samples[total <= 0])}: no reads in any of the {counts.shape[1]} genes "
            "of the model; expected counts or TPM. Leave the sample out, or check its gene names."
        )
    scaled = counts * (PER_MILLION / total)[:, None]
    return LOGARITHMS[logarithm](scaled + 1).astype(np.float32)


@dataclass(frozen=True)
class Reference:
    """A distribution of values that every profile is given, learnt on training samples alone.

    Quantile normalisation (Bolstad et al. 2003, https://doi.org/10.1093/bioinformatics/19.2.185)
    gives all samples the mean of their sorted values. Here that mean is fixed in training, so that
    a sample is normalised alike on its own and among others, and a held-out one never touches it.

    Attributes
    ----------
    sorted_values : float64 array of shape (genes,)
        Rising.
    """

    sorted_values: np.ndarray

    @classmethod
    def of(cls, blocks: Iterable[np.ndarray]) -> "Reference":
        """Learn the reference: the mean over samples of the sorted values.

        Parameters
        ----------
        blocks
            Arrays of shape (n, genes), of training samples.
        """
        total, samples = np.zeros(()), 0
        for block in blocks:
            total = total + np.sort(block, axis=1).sum(axis=0, dtype=np.float64)
            samples += len(block)
        return cls(total / samples)

    def apply(self, profiles: np.ndarray) -> np.ndarray:
        """Give profiles the reference's values in the order of their own; ties share a rank.

        Parameters
        ----------
        profiles : array of shape (n, genes)
            Of the reference's genes or of some of them: ranks are scaled to the reference's length.

        Returns
        -------
        float32 array of shape (n, genes)
        """
        share = (rankdata(profiles, axis=1) - 0.5) / profiles.shape[1]
        length = len(self.sorted_values)
        at = (np.arange(length) + 0.5) / length
        return np.interp(share, at, self.sorted_values).astype(np.float32)
