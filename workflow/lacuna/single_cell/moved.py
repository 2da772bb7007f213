"""How much there is to predict: where untreated cells are as good as treated ones."""

import numpy as np
import pandas as pd

from lacuna.single_cell.definitions import r2
from lacuna.single_cell.interface import FEWEST_CELLS, TEST, TRAINING, Fold
from lacuna.single_cell.judge import lists_of
from lacuna.single_cell.metrics import ALL, DEG_POOLED, FEWEST_GENES
from lacuna.single_cell.seen import Known, seen_of

EXPLAINED = 0.65  # r² of a control above which the paper says that nothing is left to predict
MOVED = ["target", "split", "fold", "what", "genes", "value", "of"]


def moved(fold: Fold, target: str) -> pd.DataFrame:
    """Say how much of a fold the control of the line explains.

    Parameters
    ----------
    fold
        Of cells: of signatures, which have no controls, nothing is said.
    target
        Its data.

    Returns
    -------
    DataFrame with columns target, split, fold, what, genes, value, of
        of: how many conditions, observations or drugs the value is of. what is one of

        - conditions_explained, observations_explained: share of the training conditions, or of
          their observations, whose r² with the control of the line is above 0.65 (the paper: more
          than 96 % of observations).
        - drugs_moved: share of the training drugs of which at least one condition is not explained
          (the paper: fewer than 20 %, or 30 drugs).
        - control_own, control_pooled: r² clipped at 0, a mean over test conditions at the highest
          dose, of the control of the line, and of the controls of all lines together.

        Conditions are of more than five observations, all genes together; the last two on the
        genes listed over doses, too.
    """
    table = fold.conditions
    kept = ~table["control"].to_numpy(bool)
    kept &= table["observations"].to_numpy() > FEWEST_CELLS
    if not kept.any():
        return pd.DataFrame(columns=MOVED)
    seen = seen_of(fold, {})
    known = Known.of(seen)
    own, _ = known.control_of(table["line"])
    pooled, _ = known.control_of_all()
    pooled = np.broadcast_to(pooled, own.shape)
    measured = fold.mean.astype(float)
    trained = np.flatnonzero(kept & (table["role"] == TRAINING).to_numpy())
    tested = kept & (table["role"] == TEST).to_numpy()
    tested &= table["dose"].to_numpy() == table["dose"][tested].max() if tested.any() else tested
    rows = []
    if len(trained):
        explained = r2(measured[trained], own[trained]) > EXPLAINED
        size, drug = (table[name].to_numpy()[trained] for name in ("observations", "drug"))
        of_drug = pd.Series(~explained).groupby(drug).any()
        rows += [
            ("conditions_explained", ALL, explained.mean(), len(trained)),
            ("observations_explained", ALL, size @ explained / size.sum(), size.sum()),
            ("drugs_moved", ALL, of_drug.mean(), len(of_drug)),
        ]
    for what, control in (("control_own", own), ("control_pooled", pooled)):
        for genes, value in _clipped(fold, np.flatnonzero(tested), measured, control).items():
            rows.append((what, genes, value.mean(), len(value)))
    found = pd.DataFrame(rows, columns=MOVED[3:])
    return found.assign(target=target, split=fold.name.rpartition("_")[0], fold=fold.name)[MOVED]


def _clipped(
    fold: Fold, rows: np.ndarray, measured: np.ndarray, control: np.ndarray
) -> dict[str, np.ndarray]:
    """Return clipped r² of rows on all genes, and on the genes listed over doses."""
    if not len(rows):
        return {}
    found = {ALL: np.maximum(r2(measured[rows], control[rows]), 0)}
    lists = lists_of(fold, fold.conditions.iloc[rows])[DEG_POOLED]
    values = [
        r2(measured[row][None, listed], control[row][None, listed])[0]
        for row, listed in zip(rows, lists, strict=True)
        if len(listed) >= FEWEST_GENES
    ]
    return found | ({DEG_POOLED: np.maximum(values, 0)} if values else {})
