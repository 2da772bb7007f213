"""Do the genes that a factor binds in a cell rise with it, more than those that it binds elsewhere?

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on targets of transcription
factors: binding is that of ChIP-Atlas, and a cell's own targets are compared with general ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.factors import CONTROLS, enrich, maximise
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.io.chip_atlas import Binding
from lacuna.io.names import plain_key
from lacuna.tensor.profiles import ProfileSet

LEAST_SCORE = 100.0  # of binding, above which a gene is a target
TARGETS = 50  # of a factor: so many it must have, and the strongest so many are asked about
LEAST_RISE = 0.5  # of the factor in some training profile of the cell, in units of the network
KINDS = ("own", "general")  # targets in experiments of the cell, and of all others
BOUND = [
    *("factor", "cell", "experiments", "others", "targets", "highest"),
    *(f"{name}_{kind}" for kind in KINDS for name in ("common", "fold")),
    *(f"{name}_{kind}" for kind in KINDS for name in ("control", "p_control")),
    "difference",
]
LEFT_OUT = ["factor", "cell", "left_out"]
SUMMARY = ["cell", "factors", "higher", "what", "value", "low", "high"]


class Targets(NamedTuple):
    """A factor and its targets in one cell, as positions of genes.

    Attributes
    ----------
    factor : int
    own, general : int arrays of shape (TARGETS,)
        Those that it binds most strongly in that cell, and in others.
    experiments, others : int
        In that cell, and in others.
    targets : int
        Genes of the tensor that it binds in that cell.
    highest : float
        What it rises to in training profiles of that cell, at most, in units of the network.
    """

    factor: int
    own: np.ndarray
    general: np.ndarray
    experiments: int
    others: int
    targets: int
    highest: float


def choose_targets(
    binding: Binding, cell: str, symbols: Sequence[str], rises: np.ndarray
) -> Targets | str:
    """Return a factor's targets in a cell, or why it is not asked about there.

    The filters are the paper's: the factor is a gene of the tensor, some training profile of the
    cell raises it above `LEAST_RISE`, and it binds `TARGETS` genes of the tensor at a score above
    `LEAST_SCORE`, on the mean over experiments in that cell. The strongest of them are its own
    targets; general ones, as many, are the strongest on the mean over experiments in other cells.

    Parameters
    ----------
    binding
        As `lacuna.io.chip_atlas` reads it.
    cell
        Its name, in whatever spelling (MCF7, MCF-7).
    symbols
        Of the tensor's genes; of equal ones the first gene is taken.
    rises : array of shape (genes,)
        The largest value of each gene in training profiles of the cell, in units of the network.
    """
    place = {symbol: gene for gene, symbol in reversed(list(enumerate(symbols)))}
    if binding.factor not in place:
        return "no gene of the tensor"
    factor = place[binding.factor]
    here = np.array([plain_key(each) == plain_key(cell) for each in binding.cells])
    if not here.any():
        return "no experiment in this cell"
    if here.all():
        return "no experiment in another cell"
    if not rises[factor] > LEAST_RISE:
        return f"at most {rises[factor]:.2f} in training, not above {LEAST_RISE}"
    genes = np.array([place.get(gene, -1) for gene in binding.genes])
    known = np.flatnonzero((genes >= 0) & (genes != factor))
    own, general = (binding.scores[known][:, which].mean(axis=1) for which in (here, ~here))
    bound = int((own > LEAST_SCORE).sum())
    if bound < TARGETS:
        return f"{bound} targets in this cell, fewer than {TARGETS}"
    strongest, elsewhere = (
        genes[known[np.argsort(-scores, kind="stable")[:TARGETS]]] for scores in (own, general)
    )
    experiments, others = int(here.sum()), int((~here).sum())
    return Targets(factor, strongest, elsewhere, experiments, others, bound, float(rises[factor]))


def compare_targets(
    model: DeepCellState,
    training: ProfileSet,
    bindings: Sequence[Binding],
    symbols: Sequence[str],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raise each factor in each decoder, and count its own and its general targets among the top.

    Parameters
    ----------
    model
        A trained one.
    training
        The profiles that it was trained on.
    bindings
        One for each factor.
    symbols
        Of the genes.
    rng
        Draws the starts of the ascent, and genes that are raised for control; see
        `lacuna.cell_to_cell.factors`.

    Returns
    -------
    table : DataFrame, one row per factor and cell
        factor, cell; experiments there and others; targets: genes that it binds there; highest: see
        `Targets`. For own and general targets: common, those among the `TOP` genes of highest
        output; fold: that over what chance gives; control: the median of that where other genes
        are raised; p_control: (1 + the controls that do as well) / (1 + their number). difference:
        of the folds, own less general.
    left_out : DataFrame with columns factor, cell, left_out
        The others, and why.
    """
    rows, left_out = [], []
    for cell in np.flatnonzero(model.cells >= 0).tolist():
        name = str(training.cells[cell])
        of_cell = training.profiles[training.cell == cell]
        rises = of_cell.max(axis=0, initial=-np.inf) / model.scale
        chosen = {}
        for binding in bindings:
            targets = choose_targets(binding, name, symbols, rises)
            if isinstance(targets, str):
                left_out.append((binding.factor, name, targets))
            else:
                chosen[binding.factor] = targets
        if chosen:
            rows += _compare(model, cell, name, chosen, rng)
    return pd.DataFrame(rows, columns=BOUND), pd.DataFrame(left_out, columns=LEFT_OUT)


def _compare(
    model: DeepCellState,
    cell: int,
    name: str,
    chosen: dict[str, Targets],
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    factors = np.array([targets.factor for targets in chosen.values()])
    others = np.setdiff1d(np.arange(model.network.shape.genes), factors)
    controls = rng.permutation(others)[:CONTROLS]
    outputs = maximise(model, cell, np.concatenate([factors, controls]), rng).mean(axis=1)
    rows = []
    for (symbol, targets), output in zip(chosen.items(), outputs, strict=False):
        row: dict[str, object] = {
            "factor": symbol,
            "cell": name,
            **{key: getattr(targets, key) for key in ("experiments", "others", "targets")},
            "highest": targets.highest,
        }
        folds = {}
        for kind in KINDS:
            of_kind = getattr(targets, kind)
            (common,), (fold,) = enrich(output[None], targets.factor, of_kind)
            control = np.array(
                [
                    enrich(raised[None], gene, of_kind)[1][0]
                    for gene, raised in zip(controls, outputs[len(factors) :], strict=True)
                ]
            )
            folds[kind] = fold
            row |= {
                f"common_{kind}": common,
                f"fold_{kind}": fold,
                f"control_{kind}": np.median(control),
                f"p_control_{kind}": (1 + np.sum(control >= fold)) / (1 + len(control)),
            }
        rows.append({**row, "difference": folds["own"] - folds["general"]})
    return rows


def summarise_targets(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return mean folds of each cell, and their paired difference, with intervals over factors.

    Parameters
    ----------
    table
        As `compare_targets` returns it.
    rng
        Draws factors.

    Returns
    -------
    DataFrame with columns cell, factors, higher, what, value, low, high
        factors: how many; higher: of how many the cell's own targets have the larger fold. what:
        own, general, or difference. 95 % bootstrap intervals; NaN with fewer than five factors.
    """
    tables = [pd.DataFrame(columns=SUMMARY)]
    for cell, rows in table.groupby("cell", sort=False):
        folds = pd.DataFrame(
            {kind: rows[f"fold_{kind}"] for kind in KINDS} | {"difference": rows["difference"]}
        )
        draws = bootstrap_means(folds, rows["factor"].to_numpy(), rng)
        means = intervals(draws).rename(columns={"metric": "what"})
        higher = int((rows["difference"] > 0).sum())
        tables.append(means.assign(cell=cell, factors=len(rows), higher=higher)[SUMMARY])
    return pd.concat(tables[1:] or tables, ignore_index=True)
