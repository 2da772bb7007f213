"""Does raising a transcription factor move its targets? (Umarov et al. 2021, TF targets).

A trained DeepCellState is asked for the input that raises one gene's output most, and which other
genes rise with it. Those of a factor should hold more of its known targets than those of a gene
taken at random.
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

STARTS, START_RANGE = 10, 2e-4
STEPS, STEP, MEAN_WEIGHT = 10, 1.0, 5.0
ROWS_AT_ONCE = 512
TOP = 50
LEAST_TARGETS = 10
CONTROLS = 99  # so that the least p against them is 0.01


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
    place = {symbol: at for at, symbol in reversed(list(enumerate(symbols)))}
    chosen, left_out = [], []
    for name, members in sets:
        factor = factor_of(name, place)
        targets = {place[member] for member in members if member in place and member != factor}
        if factor is not None and len(targets) >= LEAST_TARGETS:
            chosen.append(FactorSet(name, place[factor], np.array(sorted(targets))))
            continue
        few = f"fewer than {LEAST_TARGETS} targets among the genes"
        reason = "its name begins with no gene of the tensor" if factor is None else few
        left_out.append((name, factor or "", len(targets), reason))
    return chosen, pd.DataFrame(left_out, columns=["set", "factor", "targets", "left_out"])


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
    for some in tqdm(torch.as_tensor(genes).split(at_once), desc="genes", mininterval=5):
        raised = some.repeat_interleave(STARTS)[:, None].to(starts.device)
        inputs = starts.repeat(len(some), 1)
        for _ in range(STEPS):
            inputs.requires_grad_()
            output = decoder(network.encoder(inputs), inputs).gather(1, raised)[:, 0]
            # Rows know nothing of each other: the gradient of their sum is that of each.
            aim = (output - MEAN_WEIGHT * inputs.mean(dim=1)).sum()
            (gradient,) = torch.autograd.grad(aim, inputs)
            inputs = inputs.detach() + STEP * torch.nn.functional.normalize(gradient, dim=1)
        outputs.append(network.predict(inputs, decoder).view(len(some), STARTS, count).cpu())
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


def ask_factors(
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
        Draws the starts, and the genes that are raised for control: `CONTROLS`, where there are so
        many that are no factor.

    Returns
    -------
    DataFrame, one row per set and cell that has a decoder
        set, factor, cell; targets: how many; common: those among the `TOP` genes of highest
        output, mean over starts; fold: that over what chance gives, with fold_least and fold_most
        of single starts; p: hypergeometric; control: the median fold of the same set where a
        control gene was raised instead, with control_low and control_high, between which 95 % of
        them lie; p_control: the share of folds at least as large, the factor's own counted in.
    """
    factors = np.unique([each.factor for each in chosen]).astype(int)
    others = np.setdiff1d(np.arange(len(symbols)), factors)
    rows = []
    for cell in np.flatnonzero(model.cells >= 0) if chosen else ():
        controls = rng.permutation(others)[:CONTROLS]
        outputs = maximise(model, cell, np.concatenate([factors, controls]), rng)
        of_factor = dict(zip(factors, outputs, strict=False))
        of_control = outputs[len(factors) :].mean(axis=1, keepdims=True)
        for each in chosen:
            starts, targets = of_factor[each.factor], each.targets
            (common,), (fold,) = enrich(starts.mean(axis=0)[None], each.factor, targets)
            single = enrich(starts, each.factor, targets)[1]
            elsewhere = np.array(
                [
                    enrich(output, control, targets)[1][0]
                    for control, output in zip(controls, of_control, strict=True)
                ]
            )
            row = {"set": each.name, "factor": symbols[each.factor], "cell": cells[cell]}
            row |= {"targets": len(targets), "common": common, "fold": fold}
            row |= {"fold_least": single.min(), "fold_most": single.max()}
            row["p"] = hypergeom.sf(
                common - 1, len(symbols) - 1, len(targets), min(TOP, len(symbols) - 1)
            )
            row["control"] = np.median(elsewhere)
            row["control_low"], row["control_high"] = np.quantile(elsewhere, [0.025, 0.975])
            row["p_control"] = (1 + np.sum(elsewhere >= fold)) / (1 + len(elsewhere))
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [
    *("set", "factor", "cell", "targets", "common", "fold", "fold_least", "fold_most", "p"),
    *("control", "control_low", "control_high", "p_control"),
]
