"""What a trained model says of a fold: conditions, places of drugs, basal states, cells."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lacuna.single_cell.interface import (
    CONDITION,
    FEWEST_CELLS,
    SEEN,
    TEST,
    TRAINING,
    VALIDATION,
    Fold,
    Observations,
)
from lacuna.single_cell.model.conditions import Conditions, rows_of
from lacuna.single_cell.model.disentangle import disentanglement
from lacuna.single_cell.model.molecules import Molecules
from lacuna.single_cell.model.trained import Trained

# Of measured, predicted and control cells, see `lacuna.single_cell.distances.distances`.
Distances = Callable[
    [np.ndarray, np.ndarray, np.ndarray | None, np.random.Generator], dict[str, float]
]
DRAWN_FROM = 100  # control cells from which cells of a condition are drawn
CLASSIFIED_CELLS = 2000  # whose basal states say whether they are disentangled


def asked(fold: Fold, molecules: Molecules, rng: np.random.Generator) -> pd.DataFrame:
    """Return the conditions that are predicted: test, validation, and as many of the training.

    Returns
    -------
    DataFrame with columns drug, line, dose
        By role, each condition once; of drugs that have a vector.
    """
    treated = treated_of(fold, molecules)
    test, validation, training = (
        treated.loc[treated["role"] == role, CONDITION] for role in (TEST, VALIDATION, TRAINING)
    )
    most = min(len(test), len(training))
    some = training.iloc[np.sort(rng.choice(len(training), most, replace=False))]
    return pd.concat([test, validation, some]).drop_duplicates().reset_index(drop=True)


def treated_of(fold: Fold, molecules: Molecules) -> pd.DataFrame:
    """Return the fold's conditions of drugs that have a vector, controls left out."""
    table = fold.conditions
    return table[~table["control"].astype(bool) & table["drug"].isin(molecules.names)]


def latent_places(
    model: Trained, observations: Observations, fold: Fold, molecules: Molecules
) -> pd.DataFrame:
    """Return z_d of each drug and dose of a fold: drug, dose, pathway, held_out, z_1, z_2, ..."""
    places = (
        treated_of(fold, molecules)[["drug", "dose"]]
        .drop_duplicates()
        .sort_values(["drug", "dose"])
    )
    known = places[places["drug"].isin(model.drugs) | (not model.source.is_learned)]
    drugs = known["drug"].astype(str).tolist()
    latent = model.latent(molecules.of_names(drugs), known["dose"].to_numpy(np.float32))
    table = known.reset_index(drop=True)
    table["pathway"] = observations.drugs.loc[drugs, "pathway"].to_numpy()
    table["held_out"] = table["drug"].isin(fold.held_out)
    columns = [f"z_{number + 1}" for number in range(latent.shape[1])]
    return pd.concat([table, pd.DataFrame(latent, columns=columns)], axis=1)


def disentangled(
    model: Trained,
    observations: Observations,
    fold: Fold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Say whether basal states of the validation tell drugs and lines, as the paper does.

    Where a fold has nothing to validate on, training observations stand for it.
    """
    role = VALIDATION if (fold.role == VALIDATION).any() else TRAINING
    positions = np.flatnonzero(fold.role == role)
    if len(positions) > CLASSIFIED_CELLS:
        positions = np.sort(rng.choice(positions, CLASSIFIED_CELLS, replace=False))
    obs = observations.obs.iloc[positions]
    labels = {of: obs[of].astype(str).to_numpy() for of in ("drug", "line")}
    latent = model.basal(rows_of(model, observations, positions))
    return disentanglement(latent, labels, rng, observations.kind)


def populations(
    conditions: Conditions,
    observations: Observations,
    fold: Fold,
    rng: np.random.Generator,
    stream: Callable[..., np.random.Generator],
    distances: Distances,
) -> pd.DataFrame:
    """Compare cells drawn from what is predicted with the cells measured, in test conditions.

    Parameters
    ----------
    conditions
        The model, in the fold.
    observations, fold
        What was measured.
    rng
        Draws predicted cells.
    stream
        Gives the random stream of a drug, line and dose, by which `distances` draws.
    distances
        See `lacuna.single_cell.distances.distances`; controls are those seen of the line.

    Returns
    -------
    DataFrame
        Columns drug, line, dose, and what `distances` says; no rows of bulk and of signatures.
    """
    rows: list[dict[str, Any]] = []
    test = treated_of(fold, conditions.molecules)
    test = test[(test["role"] == TEST) & (test["observations"] > FEWEST_CELLS)]
    if observations.kind != "cells":
        test = test.iloc[:0]
    obs = observations.obs
    tested = np.flatnonzero(fold.role == TEST)
    own = obs.iloc[tested].reset_index(drop=True).groupby(CONDITION, observed=True).indices
    control = np.flatnonzero(obs["control"].to_numpy(bool) & np.isin(fold.role, SEEN))
    line_of = obs["line"].to_numpy(object)[control]
    for drug, line, dose in test[CONDITION].itertuples(index=False):
        cells = conditions.draw(drug, line, dose, DRAWN_FROM, rng)
        untreated = control[line_of == line]
        found = distances(
            observations.rows(tested[own[drug, line, dose]], fold.genes),
            cells,
            observations.rows(untreated, fold.genes) if len(untreated) > 1 else None,
            stream(drug, line, dose),
        )
        rows.append({"drug": drug, "line": line, "dose": dose, **found})
    return pd.DataFrame(rows, columns=None if rows else CONDITION)
