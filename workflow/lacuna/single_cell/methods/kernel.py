"""Lacuna's kernel completion of a grid of drugs and of lines at doses."""

from typing import Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import Option
from lacuna.completion.methods.kernel import tune
from lacuna.completion.shared.covariance import GaussianProcess, SideSimilarities
from lacuna.completion.shared.holdout import draw_holdouts, split_by_cold_start
from lacuna.completion.shared.similarity import baseline_similarity
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import CONDITION, Predicted, Seen
from lacuna.single_cell.methods.shared import checked, in_table, predicted, tanimoto, vectors_of
from lacuna.single_cell.seen import Known
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Kernel",
    summary=(
        "a Gaussian process over drugs and lines at doses: drugs of like structure or that act "
        "alike, lines that answer alike or are alike untreated; Lacuna's completion of bulk data"
    ),
    source="after Datta et al. 2016, https://doi.org/10.1080/01621459.2015.1044091",
    encoder="morgan",
)
NAME = "kernel"


def predict(
    seen: Seen,
    wanted: pd.DataFrame,
    rng: np.random.Generator,
    *,
    encoder: Annotated[str, Option("fingerprint that structures are compared by")] = METHOD.encoder,
    neighbours: Annotated[int, Option("how many conditions a prediction conditions on", ge=1)] = 64,
) -> Predicted:
    """Predict the change of each condition from those that covary with it most.

    The grid of `lacuna.completion` has drugs on one side, and on the other each dose of each line.
    Its profiles are changes against the control; what lines are untreated is its baseline. A drug
    never measured covaries with others by structure alone: the weights of that are tuned on
    training drugs that are left out whole.
    """
    wanted = checked(NAME, seen, wanted)
    known = Known.of(seen)
    control, _ = known.control_of(wanted["line"])
    if not known.change.any():  # there is nothing to tune on
        return predicted(wanted, control, None)
    similarity = tanimoto(NAME, vectors_of(NAME, seen, encoder))
    both = pd.concat([known.conditions[CONDITION], wanted])
    cell, places = pd.MultiIndex.from_frame(both[["line", "dose"]]).factorize(sort=True)
    drugs, drug = np.unique(both["drug"].to_numpy(object), return_inverse=True)
    measured = len(known.conditions)
    observed = ProfileSet(
        known.change.astype(np.float32),
        drug[:measured],
        cell[:measured],
        drugs,
        np.array([f"{line}, {dose:g} uM" for line, dose in places]),
        np.arange(known.mean.shape[1]).astype(str),
        pd.DataFrame({"replicates": known.conditions["observations"]}),
    )
    untreated, _ = known.control_of(np.array([line for line, _ in places], object))
    at = in_table(NAME, similarity, drugs)
    side = SideSimilarities(
        similarity.to_numpy(np.float32)[np.ix_(at, at)], baseline_similarity(untreated)
    )
    pairs = np.column_stack([drug[measured:], cell[measured:]])
    with np.errstate(over="ignore"):  # of means that are all 0, as those of signatures are
        process = GaussianProcess(observed, side, neighbours)
        change = process.mean[pairs[:, 1]]
        for kind, rows in split_by_cold_start(observed, pairs):
            subspaces, _ = tune(process, draw_holdouts(observed, kind, rng), side, rng)
            change[rows] += process.predict(pairs[rows], subspaces)[0]
    return predicted(wanted, control + change, None)
