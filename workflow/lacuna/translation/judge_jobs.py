"""From trained chains to tables that judge them on samples measured both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes
from lacuna.io.h5ad import read_written
from lacuna.io.level3 import open_level3
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.translation.assess import (
    BASELINE,
    Paired,
    comparisons,
    coverage,
    differences,
    metrics,
    predictions,
)
from lacuna.translation.card import step_card
from lacuna.translation.chain import Translation, deal_groups, fit_step
from lacuna.translation.errors import measure_factors, scale, scale_without_own, terciles_of
from lacuna.translation.gene_list import check_gene_list
from lacuna.translation.jobs import WORDS, read_landmark_training
from lacuna.translation.judge import SCORES
from lacuna.translation.views import principal_components, single_samples

SAMPLES_AT_ONCE = 4096


def read_paired(
    pairs: str | Path, rnaseq: str | Path, matrix: str | Path, gene_info: str | Path
) -> Paired:
    """Read the samples measured both ways.

    Parameters
    ----------
    pairs, rnaseq
        As `prepare` wrote them.
    matrix, gene_info
        The Level 3 profiles of pairs.

    Raises
    ------
    LacunaError
        If the genes of both files differ.
    """
    real = read_written(pairs)
    check_gene_list(real.var.index, read_written(rnaseq).var.index, pairs)
    landmarks = real.var.index[real.var["landmark"].astype(bool)]
    with Gctx(matrix) as opened:
        level3 = open_level3(opened, read_genes(gene_info), landmarks)
        seen = np.concatenate([block[1] for block in level3.blocks(real.obs["l1000"].astype(str))])
    return Paired(
        names=pd.Index(real.obs["sample"].astype(str)),
        seen=seen,
        real=real.X[:],
        group=real.obs["donor"].astype(str).to_numpy(),
        kind=real.obs["kind"].astype(str).to_numpy(),
        mean=mean_profile(rnaseq),
        landmarks_at=real.var.index.get_indexer(landmarks),
    )


def read_paired_if_given(
    pairs: str | None, rnaseq: str, matrix: Sequence[str], gene_info: Sequence[str]
) -> Paired | None:
    """Read the samples measured both ways, where a run has any."""
    return read_paired(pairs, rnaseq, matrix[0], gene_info[0]) if pairs else None


def mean_profile(rnaseq: str | Path) -> np.ndarray:
    """Return the mean of the training samples, float64 of shape (genes,)."""
    genome = read_written(rnaseq).X
    samples, genes = genome.shape
    total = np.zeros(genes)
    for first in range(0, samples, SAMPLES_AT_ONCE):
        total += genome[first : first + SAMPLES_AT_ONCE].sum(axis=0, dtype=np.float64)
    return total / samples


def predict_left_out(
    chains: Mapping[tuple[str, str], Translation],
    paired: Paired,
    l1000: str,
    rnaseq: str,
    options: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> dict[tuple[str, str], np.ndarray]:
    """Translate each donor's samples by steps that learnt from the pairs of others.

    Of many donors or lines, some are left out together.

    Returns
    -------
    dict of float32 arrays of shape (n, genes)
        By the names of the chains whose step 1 learns from pairs.
    """
    learning = [names for names in chains if step_card("landmarks", names[0]).needs_pairs]
    if not learning:
        return {}
    training = read_landmark_training(l1000, rnaseq)
    real = paired.real[:, paired.landmarks_at]
    made = {names: np.empty_like(paired.real) for names in learning}
    for number, left in enumerate(deal_groups(paired.group, fold_stream(seed))):
        others = replace(training, pairs=(paired.seen[~left], real[~left]))
        for name in {first for first, _ in learning}:
            rng = generator(seed, WORDS, name, f"pairs {number}")
            step = fit_step("landmarks", name, others, rng, options.get(name))
            landmarks = step.predict(paired.seen[left])
            for names in learning:
                if names[0] == name:
                    made[names][left] = chains[names].steps[1].predict(landmarks)
    return made


def fold_stream(seed: int) -> np.random.Generator:
    """Return the stream that deals the pairs to folds: the same wherever some are left out."""
    return generator(seed, WORDS, "folds of pairs")


def judge(
    chains: Mapping[tuple[str, str], Translation],
    paired: Paired,
    left_out: Mapping[tuple[str, str], np.ndarray],
    shown: tuple[str, str],
    seed: int,
    output: Mapping[str, str],
) -> None:
    """Write the tables that compare all chains on samples measured both ways.

    Parameters
    ----------
    chains, paired
        What is compared, on what.
    left_out
        The predictions of chains that learn from pairs, see `predict_left_out`.
    shown
        The chain that the figures show.
    seed
        Of the run.
    output
        Where to write: metrics, differences, by_sample, by_gene, components and samples_shown.
    """
    made = predictions(chains, paired) | dict(left_out)
    write_table(metrics(made, paired, seed), output["metrics"])
    if BASELINE in made:
        write_table(differences(made, paired, seed), output["differences"])
    else:
        columns = ["first", "second", "genes", "metric", "value", "low", "high"]
        write_table(pd.DataFrame(columns=columns), output["differences"])
    model = chains[shown]
    baseline = made.get(BASELINE, made[shown])
    rows: dict[str, list[pd.DataFrame]] = {"by_sample": [], "by_gene": []}
    for kind, name, by_sample, by_gene in comparisons(
        model, baseline, paired, generator(seed, WORDS, "random partners")
    ):
        for where, scores in (("by_sample", by_sample), ("by_gene", by_gene)):
            table = scores.rename_axis(where.removeprefix("by_")).reset_index()
            rows[where].append(table.assign(genes=kind, comparison=name))
    for where, tables in rows.items():
        columns = ["genes", "comparison", where.removeprefix("by_"), *SCORES]
        write_table(pd.concat(tables, ignore_index=True)[columns], output[where])
    write_table(principal_components(paired, made[shown], paired.kind), output["components"])
    write_table(single_samples(paired, made[shown], model.genes.genes), output["samples_shown"])


def judge_errors(
    model: Translation, predicted: np.ndarray, paired: Paired, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say how often stated intervals hold the truth of pairs, and what makes them hold it.

    Parameters
    ----------
    model
        A chain, with the errors of its last step.
    predicted : array of shape (n, genes)
        What it says of the pairs; what learns from pairs, without the own.
    paired, seed
        The pairs, and the seed of the run.

    Returns
    -------
    coverage : DataFrame with columns errors, tercile, value, low, high
        Of the errors from true landmarks, and of those scaled by the other donors' pairs.
    factors : DataFrame with columns gene, factor
        By all pairs: for the model that is written.
    """
    error = predicted - paired.real
    tercile = terciles_of(paired.mean)
    fold = np.empty(len(error), int)
    for number, left in enumerate(deal_groups(paired.group, fold_stream(seed))):
        fold[left] = number
    scaled = scale_without_own(error, model.stderr, tercile, paired.group, fold)
    tables = [
        coverage(predicted, paired.real, stderr, paired.group, seed).assign(errors=name)
        for name, stderr in (("from true landmarks", model.stderr), ("with pairs", scaled))
    ]
    columns = ["errors", "tercile", "value", "low", "high"]
    factors = measure_factors(error, model.stderr, tercile, paired.group)
    return (
        pd.concat(tables, ignore_index=True)[columns],
        pd.DataFrame({"gene": model.genes.genes, "factor": factors}),
    )


def with_errors_of_pairs(model: Translation, factors: pd.DataFrame) -> Translation:
    """Scale the errors of a model by factors that `judge_errors` measured, joined by gene."""
    by_gene = factors.set_index("gene")["factor"].loc[model.genes.genes].to_numpy()
    return replace(model, stderr=scale(model.stderr, by_gene))
