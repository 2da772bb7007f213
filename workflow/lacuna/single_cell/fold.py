"""One fold of a target: roles, genes, lists of genes, and what its conditions are like."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lacuna.single_cell.degs import list_degs
from lacuna.single_cell.genes import choose_genes
from lacuna.single_cell.interface import (
    CONDITION,
    CONTROL,
    FEWEST_CELLS,
    STATISTICS,
    TRAINING,
    UNUSED,
    Fold,
    Observations,
)
from lacuna.single_cell.moments import Sums, sum_groups
from lacuna.single_cell.split import Split


def make_fold(
    observations: Observations,
    split: Split,
    *,
    bulk: pd.Index | None,
    genes: Mapping[str, Any],
    degs: Mapping[str, Any],
    rng: np.random.Generator,
) -> Fold:
    """Put a fold together.

    Of signatures, the mean of a line's training signatures stands for its controls; where a line
    has none, because it is held out, the mean of all training signatures does.

    Parameters
    ----------
    observations
        Of a target.
    split
        Who is trained on and judged.
    bulk
        Genes of the bulk screen; None without one.
    genes
        total, and of: "training" or "all", the observations that choose them.
    degs
        number, and of: see `degs.list_degs`.
    rng
        Draws the halves.

    Raises
    ------
    LacunaError
        If no gene is chosen.
    """
    of = split.role == TRAINING if genes["of"] == "training" else split.role != UNUSED
    chosen, shared = choose_genes(observations, np.flatnonzero(of), bulk, int(genes["total"]))
    lists = list_degs(observations, split.role, chosen, number=int(degs["number"]), of=degs["of"])
    conditions, sums = _conditions(observations, split.role, chosen, rng)
    if observations.kind == "signatures":
        rows, controls = _in_place_of_controls(observations, split.role, chosen, rng)
        conditions = pd.concat([conditions, rows], ignore_index=True)
        sums = Sums(*(np.concatenate(pair) for pair in zip(sums, controls, strict=True)))
    both = np.arange(len(sums.size)) // 2
    joined = sums.joined(both, len(conditions))
    halves = sums.mean.reshape(len(conditions), 2, -1).transpose(1, 0, 2)
    few = joined.size < 2 * FEWEST_CELLS
    return Fold(
        name=split.name,
        role=split.role,
        genes=chosen,
        shared=shared,
        held_out=split.held_out,
        degs=lists,
        conditions=conditions.assign(observations=joined.size)[STATISTICS],
        mean=joined.mean.astype(np.float32),
        variance=joined.variance.astype(np.float32),
        halves=np.where(few[None, :, None], np.nan, halves).astype(np.float32),
    )


def _conditions(
    observations: Observations, role: np.ndarray, genes: pd.Index, rng: np.random.Generator
) -> tuple[pd.DataFrame, Sums]:
    """Return conditions with their roles, and the sums of two random halves of each."""
    positions = np.flatnonzero(role != UNUSED)
    table = observations.obs.iloc[positions][[*CONDITION, "control"]].assign(role=role[positions])
    groups = table.groupby([*CONDITION, "control", "role"], sort=True)
    number = groups.ngroup().to_numpy()
    conditions = groups.size().index.to_frame(index=False)
    sums = _halves(observations, positions, number, len(conditions), genes, rng)
    return conditions.astype({"drug": object, "line": object, "role": object}), sums


def _in_place_of_controls(
    observations: Observations, role: np.ndarray, genes: pd.Index, rng: np.random.Generator
) -> tuple[pd.DataFrame, Sums]:
    """Return a condition for each line, and the sums of two halves of its training signatures."""
    line = observations.obs["line"].to_numpy(object)
    trained = np.flatnonzero(role == TRAINING)
    names = sorted(set(line))
    parts = [trained[line[trained] == name] for name in names]
    parts = [part if len(part) else trained for part in parts]
    positions = np.concatenate(parts)
    number = np.repeat(np.arange(len(names)), [len(part) for part in parts])
    rows = pd.DataFrame(
        {"drug": CONTROL, "line": names, "dose": 0.0, "control": True, "role": TRAINING}
    )
    return rows, _halves(observations, positions, number, len(names), genes, rng)


def _halves(
    observations: Observations,
    positions: np.ndarray,
    number: np.ndarray,
    groups: int,
    genes: pd.Index,
    rng: np.random.Generator,
) -> Sums:
    """Add up two random halves of each group; group g has the rows 2 g and 2 g + 1."""
    mixed = rng.permutation(len(positions))
    place = pd.Series(number[mixed]).groupby(number[mixed]).cumcount().to_numpy()
    half = np.empty(len(positions), int)
    half[mixed] = place % 2
    return sum_groups(observations, positions, 2 * number + half, 2 * groups, genes)
