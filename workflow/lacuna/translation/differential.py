"""Differential expression of one treatment: three scores per gene, positive where it is raised.

Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5) compare the same three: the Characteristic
Direction, limma's moderated t, and the fold change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import digamma, polygamma

from lacuna.errors import LacunaError
from lacuna.signatures.characteristic_direction import (
    FEWEST_VEHICLE_WELLS,
    characteristic_directions,
)
from lacuna.vectors import unit_rows

METHODS = ("cd", "limma", "fold_change")
CONFIDENCE = 0.95  # of the intervals of fold changes
FEWEST_TREATED = 2  # below, the spread within the treated samples is unknown: no moderated t
# limma lifts variances to this share of their median before it fits the prior: the logarithm of a
# gene that never varies has no value.
LEAST_VARIANCE = 1e-5
NEWTON_STEPS, NEWTON_TOLERANCE = 50, 1e-8  # limma's; a handful of steps is enough


@dataclass(frozen=True)
class Moderated:
    """limma's test of every gene.

    Attributes
    ----------
    t, p : float64 arrays of shape (genes,)
        Moderated t, positive where the treated samples lie higher, and its two-sided p.
    margin : float64 array of shape (genes,)
        Half the width of the 95 % interval of the difference of means, log2.
    variance : float64 array of shape (genes,)
        The residual variance after it was drawn towards the prior.
    variance_prior, df_prior
        The prior: a variance, and the degrees of freedom that it is worth (infinite where the
        genes' variances differ no more than by chance).
    df
        Degrees of freedom of t.
    """

    t: np.ndarray
    p: np.ndarray
    margin: np.ndarray
    variance: np.ndarray
    variance_prior: float
    df_prior: float
    df: float


@dataclass(frozen=True)
class Scores:
    """What `compare` says of every gene; positive is raised in the treated samples.

    Attributes
    ----------
    fold_change : float64 array of shape (genes,)
        Mean of the treated less mean of the control samples, log2.
    cd : float32 array of shape (genes,)
        The Characteristic Direction, of unit length.
    limma : Moderated, or None
        None where there are fewer than two treated samples.
    """

    fold_change: np.ndarray
    cd: np.ndarray
    limma: Moderated | None

    @property
    def margin(self) -> np.ndarray:
        """Half the width of the fold changes' 95 % interval; NaN without a moderated t."""
        if self.limma is None:
            return np.full(len(self.fold_change), np.nan)
        return self.limma.margin

    def by_method(self) -> dict[str, np.ndarray]:
        """Return the score of each of `METHODS` that there is, by its name."""
        moderated = {} if self.limma is None else {"limma": self.limma.t}
        scores = {"cd": self.cd, **moderated, "fold_change": self.fold_change}
        return {method: scores[method] for method in METHODS if method in scores}


def compare(
    treated: np.ndarray, control: np.ndarray, gamma: float, control_means: int = 1
) -> Scores:
    """Score every gene by all three methods.

    Parameters
    ----------
    treated, control : arrays of shape (samples, genes)
        Expression, log2.
    gamma
        Weight of the covariance in the Characteristic Direction, in (0, 1].
    control_means
        How many means the control samples have been centred on, see `moderated_t`.

    Raises
    ------
    LacunaError
        If the two differ in genes, a value is missing or infinite, or there is no treated sample
        or fewer than two control samples.
    """
    treated, control = (np.asarray(group, dtype=np.float64) for group in (treated, control))
    _check(treated, control)
    enough = len(treated) >= FEWEST_TREATED and len(control) > control_means
    return Scores(
        fold_change=fold_change(treated, control),
        cd=pooled_direction(treated, control, gamma),
        limma=moderated_t(treated, control, control_means) if enough else None,
    )


def _check(treated: np.ndarray, control: np.ndarray) -> None:
    if treated.ndim != 2 or control.ndim != 2 or treated.shape[1] != control.shape[1]:
        raise LacunaError(
            f"treated samples of shape {treated.shape} against control samples of shape "
            f"{control.shape}; expected samples x genes, and the same genes in both."
        )
    if not len(treated) or len(control) < FEWEST_VEHICLE_WELLS:
        raise LacunaError(
            f"{len(treated)} treated and {len(control)} control samples; expected at least 1 and "
            f"{FEWEST_VEHICLE_WELLS}. Leave this comparison out."
        )
    for name, group in (("treated", treated), ("control", control)):
        if not (finite := np.isfinite(group)).all():
            sample, gene = np.argwhere(~finite)[0]
            raise LacunaError(
                f"the {name} sample in row {sample} has no finite value at gene {gene} (both from "
                "0 on); expected log2 expression of every gene. Leave the gene or the sample out."
            )


def fold_change(treated: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Return the difference of means, treated less control; log2 if the samples are."""
    return treated.mean(axis=0, dtype=np.float64) - control.mean(axis=0, dtype=np.float64)


def pooled_direction(treated: np.ndarray, control: np.ndarray, gamma: float) -> np.ndarray:
    """Return the Characteristic Direction of a group of treated samples.

    b = S^-1 (mean of the treated - mean of the control), where S is the shrunk covariance within
    the two groups, pooled (Clark et al. 2014, doi:10.1186/1471-2105-15-79). Of a single treated
    sample it is `characteristic_directions`.

    Parameters
    ----------
    treated : array of shape (at least 1 sample, genes)
    control : array of shape (at least 2 samples, genes)
    gamma
        Weight of the covariance, in (0, 1].

    Returns
    -------
    float32 array of shape (genes,)
        Of unit length, or zeros where the means are equal.
    """
    middle = treated.mean(axis=0, dtype=np.float64)
    reference = control.mean(axis=0, dtype=np.float64)
    # About the control's mean, the two groups have the pooled scatter. It is divided by one sample
    # less than should be, which changes no direction.
    within = np.concatenate([control - reference, treated - middle])
    samples, genes = within.shape
    scatter = within @ within.T
    isotropic = np.trace(scatter) / genes
    if gamma == 1 or isotropic == 0:  # a limit, of which the screen's function takes care
        return characteristic_directions(middle[None], within + reference, gamma)[0]
    # Woodbury, by the few samples instead of the many genes: a hundredth of the time of an SVD.
    inner = scatter + (1 - gamma) / gamma * isotropic * np.eye(samples)
    difference = middle - reference
    direction = difference - np.linalg.solve(inner, within @ difference) @ within
    return unit_rows(direction[None]).astype(np.float32)[0]


def moderated_t(treated: np.ndarray, control: np.ndarray, control_means: int = 1) -> Moderated:
    """Test every gene by limma's moderated t for two groups.

    A gene's residual variance s2 on d degrees of freedom is drawn towards a prior s02 that is worth
    d0 more: (d0 s02 + d s2) / (d0 + d). The prior is fitted to all genes, see `fit_prior`.

    Parameters
    ----------
    treated : array of shape (at least 2 samples, genes)
        Expression, log2.
    control : array of shape (at least 2 samples, genes)
    control_means
        How many means the control samples have been centred on: 1, their own, or one per plate
        where each plate's mean was taken off before; each costs a degree of freedom. The error of
        those means stands in the treated samples of several plates as spread, so that the test
        is on the safe side there.

    Raises
    ------
    LacunaError
        If more than half of the genes never vary, so that no prior can be fitted.

    Notes
    -----
    Source: Smyth 2004, Stat Appl Genet Mol Biol 3:3, doi:10.2202/1544-6115.1027; details after
    limma (Ritchie et al. 2015, doi:10.1093/nar/gkv007): df is at most that of all genes together.
    """
    df_residual = len(treated) - 1 + len(control) - control_means
    groups = (np.asarray(group, dtype=np.float64) for group in (treated, control))
    residual = sum(np.square(group - group.mean(axis=0)).sum(axis=0) for group in groups)
    variance = residual / df_residual
    df_prior, variance_prior = fit_prior(variance, df_residual)
    posterior = moderate(variance, df_residual, df_prior, variance_prior)
    df = min(df_prior + df_residual, len(variance) * df_residual)
    error = np.sqrt(posterior * (1 / len(treated) + 1 / len(control)))
    t = fold_change(treated, control) / error
    return Moderated(
        t=t,
        p=2 * stats.t.sf(np.abs(t), df),
        margin=stats.t.isf((1 - CONFIDENCE) / 2, df) * error,
        variance=posterior,
        variance_prior=variance_prior,
        df_prior=df_prior,
        df=df,
    )


def moderate(variance: np.ndarray, df: float, df_prior: float, variance_prior: float) -> np.ndarray:
    """Draw variances on df degrees of freedom towards a prior worth `df_prior` more."""
    share = df_prior / (df_prior + df) if np.isfinite(df_prior) else 1.0
    return share * variance_prior + (1 - share) * variance


def fit_prior(variance: np.ndarray, df: float) -> tuple[float, float]:
    """Fit the prior of limma: variances are distributed as s02 F(df, d0).

    By moments of log variance: its mean gives s02, what its variance exceeds trigamma(df / 2) by
    gives d0 (Smyth 2004, section 6.2).

    Parameters
    ----------
    variance : array of shape (at least 2 genes,)
        Residual variances.
    df
        Their degrees of freedom.

    Returns
    -------
    df_prior, variance_prior
        d0 and s02; where nothing exceeds it, d0 is infinite and s02 the mean variance, as in limma
        since 2017.

    Raises
    ------
    LacunaError
        If more than half of the variances are zero.
    """
    middle = np.median(variance)
    if middle <= 0:
        raise LacunaError(
            f"{np.sum(variance <= 0)} of {len(variance)} genes never vary within the groups; "
            "expected at most half. Leave out genes without expression, then test again."
        )
    lifted = np.maximum(variance, LEAST_VARIANCE * middle)
    # Its mean is log s02 + log(d0 / 2) - digamma(d0 / 2), its variance as in the next line.
    level = np.log(lifted) - digamma(df / 2) + np.log(df / 2)
    excess = level.var(ddof=1) - polygamma(1, df / 2)
    if excess <= 0:
        return np.inf, float(lifted.mean())
    half = invert_trigamma(excess)
    return 2 * half, float(np.exp(level.mean() + digamma(half) - np.log(half)))


def invert_trigamma(value: float) -> float:
    """Return x > 0 with trigamma(x) = value > 0, by Newton's method (Smyth 2004, appendix).

    1 / trigamma is nearly linear and convex, so that the steps never pass the root.
    """
    x = 0.5 + 1 / value
    for _ in range(NEWTON_STEPS):
        trigamma = polygamma(1, x)
        step = trigamma * (1 - trigamma / value) / polygamma(2, x)
        x += step
        if -step / x < NEWTON_TOLERANCE:
            break
    return float(x)


def top_genes(
    score: np.ndarray, genes: Sequence[str] | np.ndarray, count: int
) -> tuple[list[str], list[str]]:
    """Return the genes of highest and of lowest score, at most `count` each.

    Parameters
    ----------
    score : array of shape (genes,)
        Positive is up.
    genes
        Their names.
    count
        How many of each; genes of score 0 are in neither.

    Returns
    -------
    up, down : lists of str
        The strongest first; of equal ones, the first in `genes`.
    """
    order = np.argsort(-score, kind="stable")
    up = [str(genes[gene]) for gene in order[:count] if score[gene] > 0]
    order = np.argsort(score, kind="stable")
    return up, [str(genes[gene]) for gene in order[:count] if score[gene] < 0]
