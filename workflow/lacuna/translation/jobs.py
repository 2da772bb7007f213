"""From prepared files to trained steps and a model, and from wells to translated ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes, read_wells
from lacuna.io.h5ad import read_written
from lacuna.io.level3 import open_level3
from lacuna.io.match import rows_of
from lacuna.runtime.seeds import generator
from lacuna.translation.assess import BASELINE, MEAN, Paired, coverage
from lacuna.translation.card import step_card
from lacuna.translation.chain import (
    END_TO_END,
    Genes,
    LeftOut,
    Translation,
    fit_step,
    leave_studies_out,
    pseudo_pairs,
    restore_step,
)
from lacuna.translation.gene_list import check_gene_list, read_gene_list
from lacuna.translation.interface import FittedStep, GenomeTraining, LandmarkTraining
from lacuna.translation.judge import compare_rows, with_intervals
from lacuna.translation.model import load_model
from lacuna.translation.normalise import Reference
from lacuna.translation.prepare import balance_lines, genome_training, replicate_noise
from lacuna.translation.translate import write_translated

STDERR = "stderr"
WORDS = "translation"  # the first word of this stage's random streams


def read_landmark_training(
    l1000: str | Path, rnaseq: str | Path, pairs: tuple[np.ndarray, np.ndarray] | None = None
) -> LandmarkTraining:
    """Read what step 1 is trained on: of L1000, as many wells of each line, see `balance_lines`."""
    before = read_written(l1000)
    after = read_written(rnaseq)
    at = after.var.index.get_indexer(before.var.index)
    landmarks = genome_training(after.X, after.obs, at, np.zeros(len(at))).landmarks
    wells = balance_lines(before.obs["cell"].astype(str).to_numpy())
    return LandmarkTraining(before.X[:][wells], landmarks, pairs)


def read_genome_training(l1000: str | Path, rnaseq: str | Path) -> GenomeTraining:
    """Read what step 2 is trained on; the genome stays in its file."""
    before = read_written(l1000)
    after = read_written(rnaseq)
    at = after.var.index.get_indexer(before.var.index)
    training = genome_training(after.X, after.obs, at, np.zeros(len(at)))
    repeats = before.obs["replicate_of"].astype(str).to_numpy()
    noise = replicate_noise(before.X[:], repeats, training.landmarks)
    return GenomeTraining(training.landmarks, training.genome, training.study, noise)


def train_landmarks(
    name: str,
    options: Mapping[str, Any],
    l1000: str,
    rnaseq: str,
    pairs: Paired | None,
    seed: int,
    work: Path | None = None,
) -> FittedStep:
    """Train a step 1; one that needs pairs takes all of them, and is judged apart.

    A network keeps its checkpoints in the folder `work`.
    """
    sides = None
    if step_card("landmarks", name).needs_pairs and pairs is not None:
        sides = pairs.seen, pairs.real[:, pairs.landmarks_at]
    training = replace(read_landmark_training(l1000, rnaseq, sides), work=work)
    return fit_step("landmarks", name, training, generator(seed, WORDS, name), options)


def train_genome(
    name: str,
    options: Mapping[str, Any],
    l1000: str,
    rnaseq: str,
    seed: int,
    work: Path | None = None,
) -> tuple[FittedStep, LeftOut]:
    """Train a step 2, and measure its errors on studies left out.

    A network keeps its checkpoints in the folder `work`.
    """
    training = replace(read_genome_training(l1000, rnaseq), work=work)
    fitted = fit_step("genome", name, training, generator(seed, WORDS, name), options)
    left = leave_studies_out(name, training, generator(seed, WORDS, name, "left out"), options)
    return fitted, left


def train_end_to_end(
    name: str,
    options: Mapping[str, Any],
    l1000: str,
    rnaseq: str,
    seed: int,
    work: Path | None = None,
) -> tuple[FittedStep, LeftOut]:
    """Train one ridge regression from L1000, on pseudo-pairs made by a step's way back.

    The way back has seen all samples. Their genomes, which are what is predicted, it has not. A
    network keeps its checkpoints in the folder `work`.
    """
    rng = generator(seed, WORDS, name, END_TO_END)
    forth = replace(read_landmark_training(l1000, rnaseq), work=work)
    back = fit_step("landmarks", name, forth.reversed, rng, options)
    wells = read_written(l1000)
    repeats = wells.obs["replicate_of"].astype(str).to_numpy()
    measured = wells.X[:]
    noise = replicate_noise(measured, repeats, measured)
    training = pseudo_pairs(back, read_genome_training(l1000, rnaseq), noise)
    fitted = fit_step("genome", "ridge", training, rng)
    left = leave_studies_out("ridge", training, generator(seed, WORDS, name, "end to end left out"))
    return fitted, left


def save_step(path: str | Path, step: FittedStep, stderr: np.ndarray | None = None) -> None:
    """Write a trained step, of step 2 with the errors of its genes."""
    errors = {} if stderr is None else {STDERR: stderr}
    hdf5.save(path, step.state() | errors)


def read_step(kind: str, name: str, path: str | Path) -> tuple[FittedStep, np.ndarray | None]:
    """Read a trained step, and the errors of its genes where there are any."""
    state = hdf5.load(path)
    stderr = state.pop(STDERR, None)
    return restore_step(kind, name, state), stderr


def read_chains(
    files: Sequence[tuple[Sequence[str], Sequence[str]]],
    genes: str | Path,
    rnaseq: str | Path,
    logarithm: str,
) -> dict[tuple[str, str], Translation]:
    """Put trained steps together.

    Parameters
    ----------
    files
        The names of both steps with their files, or with that of an end-to-end step.
    genes, rnaseq
        As `prepare` wrote them.
    logarithm
        Of the outputs.

    Raises
    ------
    LacunaError
        If the list of genes is not that of the samples.
    """
    listed, trained = read_gene_list(genes), read_written(rnaseq)
    check_gene_list(listed["gene"], trained.var.index, genes)
    order = Genes(listed.loc[listed["landmark"], "gene"].tolist(), listed["gene"].tolist())
    reference = Reference(np.asarray(trained.uns["reference"]))
    chains = {}
    for (first, second), paths in files:
        names = first, second
        kinds = (END_TO_END,) if names[1] == END_TO_END else ("landmarks", "genome")
        read = [
            read_step(kind, name, path)
            for kind, name, path in zip(kinds, names, paths, strict=False)
        ]
        errors = [stderr for _, stderr in read if stderr is not None]
        stderr = errors[-1] if errors else np.full(len(order.genes), np.nan, np.float32)
        steps = tuple(step for step, _ in read)
        chains[names] = Translation(order, reference, logarithm, names, steps, stderr)
    return chains


def describe_left_out(name: str, left: LeftOut, obs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Score step 2 on studies left out, beside the mean profile, and its 90 % intervals.

    Returns
    -------
    DataFrame with columns step, metric, value, low, high
        pearson, spearman, rmse of samples; coverage_low, coverage_middle, coverage_high and
        coverage_all, the share of genes inside 90 % intervals, by tercile of expression.
    """
    study = obs["study"].astype(str).to_numpy()[left.samples]
    mean = np.empty_like(left.real)
    covered = []
    for fold in np.unique(left.fold):
        rows = left.fold == fold
        mean[rows] = left.real[~rows].mean(axis=0)
        stderr = left.stderr(without=fold)
        covered.append((rows, stderr))
    tables = []
    for step, made in ((name, left.predicted), (MEAN, mean)):
        scores = with_intervals(compare_rows(made, left.real), study, np.random.default_rng(seed))
        tables.append(scores.assign(step=step))
    stderr = np.concatenate([np.broadcast_to(s, (r.sum(), len(s))) for r, s in covered])
    order = np.concatenate([np.flatnonzero(rows) for rows, _ in covered])
    held = coverage(left.predicted[order], left.real[order], stderr, study[order], seed)
    held = held.rename(columns={"tercile": "metric"}).assign(step=name)
    tables.append(held.assign(metric="coverage_" + held["metric"]))
    return pd.concat(tables, ignore_index=True)[["step", "metric", "value", "low", "high"]]


def losses_of(step: FittedStep) -> pd.DataFrame:
    """Return how a network's training went; of other steps a table without rows."""
    losses = getattr(step, "losses", None)
    return pd.DataFrame(columns=["epoch"]) if losses is None else losses


def translate_series(model: str, matrix: str, gene_info: str, inst_info: str, output: str) -> None:
    """Translate all wells of a series to a GCTX or h5ad file, with what is known of them."""
    wells = read_wells(inst_info)
    genes = read_genes(gene_info)
    loaded = load_model(model)
    with Gctx(matrix) as opened:
        level3 = open_level3(opened, genes, loaded.genes.landmarks)
        wells = rows_of(opened, wells, inst_info)
        write_translated(output, loaded, opened, pd.Series(level3.rows.index, level3.rows), wells)


def read_baseline(
    steps: Sequence[str], genes: str, rnaseq: str, logarithm: str
) -> Translation | None:
    """Read the paper's baseline of its two steps; None where they are not given."""
    if not steps:
        return None
    return read_chains([(BASELINE, steps)], genes, rnaseq, logarithm)[BASELINE]
