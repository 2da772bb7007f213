"""Does raising a transcription factor raise its targets?

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on targets of transcription
factors. Gradient ascent finds the input of a trained DeepCellState that raises one gene's output
most, and so which other genes rise with it. Where that gene is a factor, they should hold more of
its known targets than where it is any other gene.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.stats import hypergeom
from tqdm import tqdm

from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.io.gmt import factor_of
from lacuna.networks.training import random_stream

STARTS, START_RANGE = 10, 2e-4  # inputs that the ascent starts from, each within this of 0
STEPS, STEP = 10, 1.0  # number of steps, and their length
MEAN_WEIGHT = 5.0  # penalty on the mean of the input
ROWS_AT_ONCE = 512  # inputs in memory at once
TOP = 50  # genes of highest output, among which targets are counted
LEAST_TARGETS = 10  # a set with fewer targets among the genes is left out
CONTROLS = 99  # genes raised for control: the smallest p against them is 0.01
FACTORS = [
    "set",
    "factor",
    "cell",
    "targets",
    "common",
    "fold",
    "fold_least",
    "fold_most",
    "p",
    "control",
    "control_low",
    "control_high",
    "p_control",
]
LEFT_OUT = ["set", "factor", "targets", "left_out"]


@dataclass(frozen=True)
class FactorSet:
    """A transcription factor and its targets among the other genes.

    Attributes
    ----------
    name : str
    factor : int
    targets : int array
        Both are positions of genes.
    """

    name: str
    factor: int
    targets: np.ndarray


def choose_sets(
    sets: Iterable[tuple[str, Sequence[str]]], symbols: Sequence[str]
) -> tuple[list[FactorSet], pd.DataFrame]:
    """Return the sets that can be asked about, and why others cannot.

    Parameters
    ----------
    sets
        The name of each set of targets, and its symbols; see `lacuna.io.gmt`.
    symbols
        Of the genes, in their order; of equal ones the first gene is taken.

    Returns
    -------
    chosen : list of FactorSet
    left_out : DataFrame with columns set, factor, targets, left_out
        The other sets, and why; targets is how many there are among the genes.
    """
    place = {symbol: gene for gene, symbol in reversed(list(enumerate(symbols)))}
    chosen, left_out = [], []
    for name, members in sets:
        factor = factor_of(name, place)
        targets = {place[symbol] for symbol in members if symbol in place and symbol != factor}
        if factor is None:
            reason = "its name begins with no gene of the tensor"
            left_out.append((name, "", len(targets), reason))
        elif len(targets) < LEAST_TARGETS:
            reason = f"fewer than {LEAST_TARGETS} targets among the genes"
            left_out.append((name, factor, len(targets), reason))
        else:
            chosen.append(FactorSet(name, place[factor], np.array(sorted(targets))))
    return chosen, pd.DataFrame(left_out, columns=LEFT_OUT)


def maximise(
    model: DeepCellState, cell: int, genes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return what a cell's decoder puts out for inputs that raise each of some genes.

    Gradient ascent on the input: from uniform values within `START_RANGE` of 0, `STEPS` steps of
    length `STEP` along the gradient of the gene's output less `MEAN_WEIGHT` times the mean of the
    input; all in the units of the network.

    Parameters
    ----------
    model
        A trained one.
    cell
        One with a decoder.
    genes : int array of shape (m,)
    rng
        Draws the starts, the same for all genes.

    Returns
    -------
    float32 array of shape (m, STARTS, all genes)
    """
    network, decoder = model.network, model.decoder(cell)
    network.eval()
    count = network.shape.genes
    with random_stream(rng):
        starts = START_RANGE * (2 * torch.rand(STARTS, count) - 1)
    starts = starts.to(next(network.parameters()).device)
    outputs = []
    at_once = max(min(ROWS_AT_ONCE, network.rows_at_once) // STARTS, 1)
    for batch in tqdm(torch.as_tensor(genes).split(at_once), desc="genes", mininterval=5):
        raised = batch.repeat_interleave(STARTS)[:, None].to(starts.device)
        inputs = starts.repeat(len(batch), 1)
        for _ in range(STEPS):
            inputs.requires_grad_()
            output = decoder(network.encoder(inputs), inputs).gather(1, raised)[:, 0]
            # No row depends on another: the gradient of the sum is, row by row, that of each.
            aim = (output - MEAN_WEIGHT * inputs.mean(dim=1)).sum()
            (gradient,) = torch.autograd.grad(aim, inputs)
            inputs = inputs.detach() + STEP * torch.nn.functional.normalize(gradient, dim=1)
        outputs.append(network.predict(inputs, decoder).view(len(batch), STARTS, count).cpu())
    return torch.cat(outputs).numpy()


def enrich(output: np.ndarray, raised: int, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find targets among the `TOP` genes of highest output, apart from the gene that was raised.

    Parameters
    ----------
    output : array of shape (n, genes)
    raised
        A gene; it does not count as a target.
    targets : int array
        Genes.

    Returns
    -------
    common : int array of shape (n,)
        How many there are.
    fold : array of shape (n,)
        That over what chance gives.
    """
    others = np.delete(np.arange(output.shape[1]), raised)
    is_target = np.isin(others, targets)
    top = np.argsort(-output[:, others], axis=1, kind="stable")[:, :TOP]
    common = is_target[top].sum(axis=1)
    return common, common / (top.shape[1] * is_target.mean())


def measure_enrichment(
    model: DeepCellState,
    chosen: Sequence[FactorSet],
    symbols: Sequence[str],
    cells: Sequence[str],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Say for each decoder whether raising a factor raises its targets, more than other genes do.

    Parameters
    ----------
    model
        A trained one.
    chosen
        The sets, as `choose_sets` returns them.
    symbols
        Of the genes.
    cells
        Names of the cells, in the model's order.
    rng
        Draws the starts, and the genes that are raised for control: `CONTROLS` of those that are no
        factor, or all, where there are fewer.

    Returns
    -------
    DataFrame, one row per set and cell that has a decoder
        set, factor, cell; targets: how many; common: those among the `TOP` genes of highest
        output, mean over starts; fold: that over what chance gives, with fold_least and fold_most
        of single starts; p: hypergeometric; control: the median fold of the same set where a
        control gene was raised instead, with control_low and control_high, between which 95 % of
        them lie; p_control: the share of folds at least as large, the factor's own counted in.
    """
    factors = np.unique([member.factor for member in chosen]).astype(int)
    others = np.setdiff1d(np.arange(len(symbols)), factors)
    rows = []
    for cell in np.flatnonzero(model.cells >= 0).tolist() if chosen else ():
        controls = rng.permutation(others)[:CONTROLS]
        outputs = maximise(model, cell, np.concatenate([factors, controls]), rng)
        of_factor = dict(zip(factors, outputs, strict=False))
        of_control = outputs[len(factors) :].mean(axis=1, keepdims=True)
        for member in chosen:
            folds = [
                enrich(output, gene, member.targets)[1][0]
                for gene, output in zip(controls, of_control, strict=True)
            ]
            names = {"set": member.name, "factor": symbols[member.factor], "cell": cells[cell]}
            enrichment = _enrichment(member, of_factor[member.factor], np.array(folds))
            rows.append({**names, **enrichment})
    return pd.DataFrame(rows, columns=FACTORS)


def _enrichment(
    member: FactorSet, starts: np.ndarray, control_folds: np.ndarray
) -> dict[str, float]:
    """Return what `measure_enrichment` says of one set in one cell.

    Parameters
    ----------
    member
        The set.
    starts : array of shape (STARTS, genes)
        The outputs where its factor was raised.
    control_folds : array of shape (controls,)
        The folds of the same set where other genes were raised.
    """
    (common,), (fold,) = enrich(starts.mean(axis=0)[None], member.factor, member.targets)
    _, single = enrich(starts, member.factor, member.targets)
    others, targets = starts.shape[1] - 1, len(member.targets)
    low, high = np.quantile(control_folds, [0.025, 0.975])
    return {
        "targets": targets,
        "common": common,
        "fold": fold,
        "fold_least": single.min(),
        "fold_most": single.max(),
        "p": hypergeom.sf(common - 1, others, targets, min(TOP, others)),
        "control": np.median(control_folds),
        "control_low": low,
        "control_high": high,
        "p_control": (1 + np.sum(control_folds >= fold)) / (1 + len(control_folds)),
    }
