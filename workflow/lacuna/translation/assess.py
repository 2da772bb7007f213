"""Every chain of steps beside its baseline and its controls, on samples measured both ways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from lacuna.translation.chain import Translation
from lacuna.translation.errors import TERCILES, terciles_of
from lacuna.translation.judge import (
    compare_rows,
    gene_scores_with_intervals,
    identify,
    random_partners,
    share_of_genes_better,
    share_with_interval,
    with_intervals,
)

BASELINE = ("ratio", "ridge")  # the paper's
MEAN, RANDOM = "mean_profile", "random_pair"  # controls that say nothing of the sample
TRUE = "true_landmarks"  # a control that step 1 cannot beat, but by luck
OF_GENES = ("pearson", "rmse")  # scores in which genes are compared with the baseline's
LANDMARKS, NEW, ALL = "landmarks", "new", "all"  # genes that are scored


@dataclass(frozen=True)
class Paired:
    """Samples measured by L1000 and by RNA-seq, which no step was trained on.

    Attributes
    ----------
    names : Index of str
    seen : float32 array of shape (n, landmarks)
        By L1000, Level 3.
    real : float32 array of shape (n, genes)
        By RNA-seq, normalised against the reference of the training samples.
    group : array of shape (n,)
        Donor or line.
    kind : array of str of shape (n,)
        Tissue, or what else it is.
    mean : float array of shape (genes,)
        The mean of the training samples: a control.
    landmarks_at : int array of shape (landmarks,)
        Where the landmarks stand among the genes.
    """

    names: pd.Index
    seen: np.ndarray
    real: np.ndarray
    group: np.ndarray
    kind: np.ndarray
    mean: np.ndarray
    landmarks_at: np.ndarray

    def genes(self) -> dict[str, np.ndarray]:
        """Return where the genes of each kind stand: landmarks, new ones, all."""
        everything = np.arange(self.real.shape[1])
        new = np.setdiff1d(everything, self.landmarks_at)
        return {LANDMARKS: self.landmarks_at, NEW: new, ALL: everything}


def predictions(
    models: Mapping[tuple[str, str], Translation], paired: Paired
) -> dict[tuple[str, str], np.ndarray]:
    """Translate the samples by every chain, and by the controls.

    The mean profile is the same for every sample. The random pair is the real profile of a sample
    of another group: it has everything right but which sample it is. From true landmarks, step 2
    shows what a step 1 without error would reach.
    """
    made = {names: model.predict(paired.seen) for names, model in models.items()}
    for (_, second), model in models.items():
        if len(model.steps) == 2 and (TRUE, second) not in made:
            made[TRUE, second] = model.steps[1].predict(paired.real[:, paired.landmarks_at])
    made[MEAN, MEAN] = np.broadcast_to(paired.mean.astype(np.float32), paired.real.shape)
    partners = random_partners(paired.group, np.random.default_rng(0))
    made[RANDOM, RANDOM] = paired.real[partners]
    return made


def metrics(made: Mapping[tuple[str, str], np.ndarray], paired: Paired, seed: int) -> pd.DataFrame:
    """Score every chain and control on landmarks, on genes that step 2 adds, and on all.

    Returns
    -------
    DataFrame with columns first, second, genes, metric, value, low, high
        pearson, spearman, rmse: means over samples. gene_pearson, gene_rmse: means over genes, each
        over samples, where the mean profile has a correlation of 0. identified: the share of
        samples nearest to their own, genes centred. better_pearson, better_rmse: the share of
        genes that are predicted better than by the paper's baseline. 95 % intervals are over
        groups, with draws that all chains share; of identified they are exact.
    """
    rows, kinds, of_baseline = [], paired.genes(), {}
    if BASELINE in made:
        of_baseline = {
            kind: compare_rows(made[BASELINE][:, genes].T, paired.real[:, genes].T, OF_GENES)
            for kind, genes in kinds.items()
        }
    for (first, second), whole in made.items():
        of_genes = gene_scores_with_intervals(
            whole, paired.real, paired.group, kinds, np.random.default_rng(seed)
        )
        for kind, genes in kinds.items():
            predicted, real = whole[:, genes], paired.real[:, genes]
            scores = compare_rows(predicted, real)
            tables = [
                with_intervals(scores, paired.group, np.random.default_rng(seed)),
                share_with_interval(identify(predicted, real).rank == 1, paired.group),
                of_genes[kind].assign(metric=lambda table: "gene_" + table["metric"]),
            ]
            if of_baseline and (first, second) != BASELINE:
                ours = compare_rows(predicted.T, real.T, OF_GENES)
                shares = share_of_genes_better(ours, of_baseline[kind]).add_prefix("better_")
                tables.append(shares.rename_axis("metric").reset_index(name="value"))
            names = {"first": first, "second": second, "genes": kind}
            rows += [table.assign(**names) for table in tables]
    columns = ["first", "second", "genes", "metric", "value", "low", "high"]
    return pd.concat(rows, ignore_index=True)[columns]


def differences(
    made: Mapping[tuple[str, str], np.ndarray], paired: Paired, seed: int
) -> pd.DataFrame:
    """Compare every chain with the paper's baseline, on the same draws of groups.

    Returns
    -------
    DataFrame with columns first, second, genes, metric, value, low, high
        The chain's mean over samples minus the baseline's: pearson, spearman, rmse.
    """
    rows = []
    for kind, genes in paired.genes().items():
        real = paired.real[:, genes]
        baseline = compare_rows(made[BASELINE][:, genes], real)
        for (first, second), whole in made.items():
            if (first, second) == BASELINE:
                continue
            lead = compare_rows(whole[:, genes], real) - baseline
            table = with_intervals(lead, paired.group, np.random.default_rng(seed))
            rows.append(table.assign(first=first, second=second, genes=kind))
    columns = ["first", "second", "genes", "metric", "value", "low", "high"]
    return pd.concat(rows, ignore_index=True)[columns]


def comparisons(
    model: Translation, baseline: np.ndarray, paired: Paired, rng: np.random.Generator
) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    """Compare what figure 3 of the paper compares, sample by sample and gene by gene.

    Parameters
    ----------
    model
        The chain shown.
    baseline : array of shape (n, genes)
        Predictions of the paper's baseline.
    paired
        The samples.
    rng
        Draws random partners.

    Yields
    ------
    genes, comparison
        LANDMARKS, NEW or ALL; and for example "predicted / real". The raw L1000 input is compared
        on landmarks alone.
    by_sample, by_gene : DataFrames of pearson, spearman and rmse
        Indexed by sample, and by gene.
    """
    predicted, real = model.predict(paired.seen), paired.real
    partners = real[random_partners(paired.group, rng)]
    symbols = pd.Index(model.genes.genes)
    whole = {
        "predicted / real": (predicted, real),
        "baseline / real": (baseline, real),
        "predicted / random real": (predicted, partners),
        "real / random real": (real, partners),
    }
    for kind, genes in paired.genes().items():
        sides = {name: (a[:, genes], b[:, genes]) for name, (a, b) in whole.items()}
        if kind == LANDMARKS:
            sides["input / predicted"] = paired.seen, predicted[:, genes]
            sides["input / real"] = paired.seen, real[:, genes]
        for name, (a, b) in sides.items():
            yield (
                kind,
                name,
                compare_rows(a, b).set_axis(paired.names),
                compare_rows(a.T, b.T).set_axis(symbols[genes]),
            )


def coverage(
    predicted: np.ndarray, real: np.ndarray, stderr: np.ndarray, group: np.ndarray, seed: int
) -> pd.DataFrame:
    """Say how often 90 % intervals hold the truth, by tercile of the genes' mean expression.

    Parameters
    ----------
    predicted, real : arrays of shape (n, genes)
    stderr : array of shape (genes,) or (n, genes)
        The model's.
    group : array of shape (n,)
        Studies, donors or lines.
    seed
        Of the bootstrap over groups.

    Returns
    -------
    DataFrame with columns tercile ("low", "middle", "high", "all"), value, low, high
    """
    inside = np.abs(predicted - real) <= norm.ppf(0.95) * stderr
    tercile = terciles_of(real.mean(axis=0))
    shares = {
        name: inside[:, tercile == number].mean(axis=1) for number, name in enumerate(TERCILES)
    }
    table = pd.DataFrame(shares | {"all": inside.mean(axis=1)})
    return with_intervals(table, group, np.random.default_rng(seed)).rename(
        columns={"metric": "tercile"}
    )
