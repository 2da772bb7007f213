"""From observations and encoded drugs to trained models, and to what these say of new drugs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io import hdf5
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.single_cell.drug_vectors import read_drug_vectors
from lacuna.single_cell.interface import LEARNED, TEST, TRAINING, VALIDATION, Fold, Observations
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.observations import open_observations
from lacuna.single_cell.split import strict_drop

if TYPE_CHECKING:
    from lacuna.single_cell.model.examples import Examples
    from lacuna.single_cell.model.trained import Trained
    from lacuna.single_cell.model.unseen import Distances
    from lacuna.single_cell.model.validation import Validation

WORDS = "single_cell"  # the first of those that name a random stream
OVERLAP = "overlap"  # pretraining on all drugs, as published


def pretrain_bulk(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    model: str,
    encoder: str,
    encoder_options: Mapping[str, Any],
    options: Mapping[str, Any],
    held_out: str,
    validation: Mapping[str, Any],
    number: int,
    seed: int,
) -> None:
    """Train a model on a bulk screen.

    Parameters
    ----------
    files
        bulk and bulk_drugs, as prepared; observations and drugs of the target, whose genes are
        shared; vectors (encoded drugs), where the model reads any; fold, where held_out is a fold.
    output
        Where to write: model, losses.
    model
        Its name.
    encoder, encoder_options
        Of drugs: one of Lacuna's, a table from outside, or learned (a vector for each drug).
    options
        Of `lacuna.single_cell.model.train.train`.
    held_out
        overlap: all drugs of the screen are trained on, as published. strict_FOLD: none that has
        the skeleton (first block of the InChIKey) of a drug that the fold holds out.
    validation
        by ("drugs" or "cells", which are wells here; always these, where vectors are learnt) and
        share: by which the epoch is chosen.
    number
        Of the seed.
    seed
        Of the run.
    """
    from lacuna.single_cell.model.examples import Examples
    from lacuna.single_cell.model.train import train
    from lacuna.single_cell.model.validation import Validation

    bulk = open_observations(files["bulk"], files["bulk_drugs"])
    target = open_observations(files["observations"], files["drugs"])
    keep = np.arange(len(bulk.obs))
    if held_out != OVERLAP:
        held = Fold.load(files["fold"]).held_out
        keep = strict_drop(bulk.drugs, bulk.obs, target.drugs.loc[held, "block"].tolist())
        print(f"Strict: {len(bulk.obs) - len(keep)} of {len(bulk.obs)} wells are not trained on.")
    genes = shared_genes(bulk, target)
    rng = generator(seed, WORDS, "pretrain", model, held_out, number)
    molecules = read_molecules(bulk.drugs, encoder, encoder_options, files.get("vectors"))
    # Of a drug whose vector was not learnt, nothing could be predicted.
    by_drugs = validation["by"] == "drugs" and not molecules.source.is_learned
    elsewhere = set(target.drugs["block"]) if by_drugs else None
    is_validation = _validates(bulk, keep, validation["share"], elsewhere, rng)
    examples, others = (
        Examples.of(bulk, keep[which], genes, molecules)
        for which in (~is_validation, is_validation)
    )
    trained = train(
        examples,
        Validation(others) if len(others) else None,
        rng,
        Path(f"{output['model']}.work"),
        **options,
    )
    _save(trained, output)


def _validates(
    bulk: Observations,
    keep: np.ndarray,
    share: float,
    elsewhere: set[str] | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return which wells validate, bool: those of some drugs, or any (None); controls as wells.

    Drugs that the target has, whose first blocks are elsewhere, are trained on, so that cells
    begin from what bulk wells say of them; they validate only where there are no others.
    """
    obs = bulk.obs.iloc[keep]
    drawn = rng.random(len(keep)) < share
    if elsewhere is None:
        return drawn
    blocks = bulk.drugs["block"]
    groups = np.sort(blocks.loc[blocks.index.isin(obs["drug"])].unique())
    others = groups[~np.isin(groups, list(elsewhere))]
    groups = others if len(others) else groups
    some = set(rng.permutation(groups)[: max(1, round(share * len(groups)))])
    treated = ~obs["control"].to_numpy(bool)
    return np.where(treated, obs["drug"].map(blocks).isin(some).to_numpy(), drawn)


def train_cells(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    model: str,
    encoder: str,
    encoder_options: Mapping[str, Any],
    options: Mapping[str, Any],
    fold: str,
    start: str,
    trials: int,
    number: int,
    seed: int,
) -> None:
    """Train a model on a target, from random weights or those of pretraining.

    Parameters
    ----------
    files
        observations, drugs, fold; vectors, where the model reads any; start, the pretrained model,
        where there is one.
    output
        Where to write: model, losses; carried (what came from pretraining) and trials, where these
        are wanted.
    model
        Its name.
    encoder, encoder_options
        Of drugs: one of Lacuna's, a table from outside, or learned (a vector for each drug).
    options
        Of `lacuna.single_cell.model.train.train`.
    fold, start
        Their names.
    trials
        Sets of options to try; 0: those of the model.
    number
        Of the seed.
    seed
        Of the run.
    """
    from lacuna.single_cell.model.train import train
    from lacuna.single_cell.model.trained import restore

    observations = open_observations(files["observations"], files["drugs"])
    cut = _fold(files["fold"], observations)
    molecules = read_molecules(observations.drugs, encoder, encoder_options, files.get("vectors"))
    examples, validation = learnt_from(observations, cut, molecules)
    begun = restore(hdf5.load(files["start"])) if files.get("start") else None
    work, tried = Path(f"{output['model']}.work"), pd.DataFrame({"trial": []})
    if trials:
        from lacuna.single_cell.model.search import search  # imports Optuna

        if validation is None:
            raise LacunaError(f"single_cell: search: the fold {cut.name} has no validation.")
        found = search(
            examples,
            validation,
            generator(seed, WORDS, "search", model, start, fold, number),
            trials=trials,
            space="fine_tuning",
            work=work,
            start=begun,
            fixed=options,
        )
        options, tried = found.options, found.trials
    write_table(tried, output["trials"])
    # Scratch and pretrained have one stream: what differs between them is the start alone.
    rng = generator(seed, WORDS, "train", model, fold, number)
    trained = train(examples, validation, rng, work, begun, **options)
    _save(trained, output)


def predict_unseen(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    model: str,
    encoder: str,
    encoder_options: Mapping[str, Any],
    fold: str,
    number: int,
    seed: int,
    distances: "Distances | None" = None,
) -> None:
    """Predict what a fold holds out, and say how a model came to it.

    Parameters
    ----------
    files
        observations, drugs, fold, model (trained); vectors, where the model reads any.
    output
        Where to write: predicted (test, validation, and as many training conditions), distances,
        disentangled, latent.
    model
        Its name.
    encoder, encoder_options
        Of drugs: one of Lacuna's, a table from outside, or learned (a vector for each drug).
    fold
        Its name.
    number
        Of the seed.
    seed
        Of the run.
    distances
        `lacuna.single_cell.distances.distances`, or another in its place.
    """
    from lacuna.single_cell.model import unseen
    from lacuna.single_cell.model.conditions import Conditions
    from lacuna.single_cell.model.trained import restore

    observations = open_observations(files["observations"], files["drugs"])
    cut = _fold(files["fold"], observations)
    trained = restore(hdf5.load(files["model"]))
    drugs = observations.drugs
    if encoder == LEARNED:  # says nothing of a drug that it was not trained on
        drugs = drugs[drugs.index.isin(trained.drugs)]
        tested = cut.conditions.loc[cut.conditions["role"] == TEST, "drug"]
        if not tested.isin(drugs.index).any():
            raise LacunaError(
                f"{files['model']}: this model learnt a vector for each training drug, and fold "
                f"{cut.name} tests none of them. Train with an encoder of structures, or hold out "
                "lines or observations."
            )
    molecules = read_molecules(drugs, encoder, encoder_options, files.get("vectors"))
    rng = generator(seed, WORDS, "predict", model, fold, number)
    conditions = Conditions(trained, observations, cut, molecules)
    conditions.predict(unseen.asked(cut, molecules, rng)).save(output["predicted"])
    places = unseen.latent_places(trained, observations, cut, molecules)
    write_table(places, output["latent"])
    write_table(unseen.disentangled(trained, observations, cut, rng), output["disentangled"])
    if distances is None:
        from lacuna.single_cell.distances import distances as usual

        distances = usual

    def stream(*condition: object) -> np.random.Generator:
        # Without the model's name: all are measured by the same cells.
        return generator(seed, WORDS, "distances", fold, *condition)

    table = unseen.populations(conditions, observations, cut, rng, stream, distances)
    write_table(table, output["distances"])


def read_molecules(
    drugs: pd.DataFrame, encoder: str, options: Mapping[str, Any], vectors: str | None
) -> Molecules:
    """Return drugs with their vectors; those without one, of a table from outside, are left out.

    Parameters
    ----------
    drugs
        See `lacuna.single_cell.interface.DRUGS`.
    encoder, options
        See `pretrain_bulk`.
    vectors
        The file of encoded drugs; not read where the encoder is trained, or vectors are learnt.
    """
    source = Source(encoder, dict(options))
    smiles = dict(zip(drugs.index.astype(str), drugs["smiles"].astype(str), strict=True))
    if source.is_learned or source.is_trained or not vectors:
        return Molecules.of(source, smiles)
    table = read_drug_vectors(vectors)
    empty = set(table.index[~np.isfinite(table.to_numpy()).any(axis=1)])
    known = {name: text for name, text in smiles.items() if text not in empty}
    if len(known) < len(smiles):
        left = listed(name for name in smiles if name not in known)
        print(f"{encoder} has no vector of {len(smiles) - len(known)} drugs, left out: {left}.")
    return Molecules.of(source, known, table)


def of_known(observations: Observations, positions: np.ndarray, molecules: Molecules) -> np.ndarray:
    """Return the positions of controls, and of observations whose drug has a vector."""
    obs = observations.obs.iloc[positions]
    return positions[(obs["control"] | obs["drug"].isin(molecules.names)).to_numpy(bool)]


def shared_genes(bulk: Observations, target: Observations) -> pd.Index:
    """Return the genes of a bulk screen that a target has, too, in the order of the screen.

    Raises
    ------
    LacunaError
        If there are none.
    """
    shared = bulk.genes[bulk.genes.isin(target.genes)]
    if not len(shared):
        raise LacunaError(
            f"single_cell: the bulk screen's {len(bulk.genes)} genes ({bulk.genes[0]}, ...) and "
            f"the target's {len(target.genes)} ({target.genes[0]}, ...) have none in common; "
            "expected symbols in both."
        )
    return shared


def learnt_from(
    observations: Observations, fold: Fold, molecules: Molecules
) -> "tuple[Examples, Validation | None]":
    """Return what is trained on in a fold, and what is validated on; None where nothing is.

    Where vectors are learnt, one for each drug, no other drug can be validated on.
    """
    from lacuna.single_cell.model.examples import Examples
    from lacuna.single_cell.model.validation import Validation

    positions = of_known(observations, np.flatnonzero(fold.role == TRAINING), molecules)
    training = Examples.of(observations, positions, fold.genes, molecules)
    known = molecules
    if molecules.source.is_learned:
        known = molecules.of_names(list(training.drugs()))
    positions = of_known(observations, np.flatnonzero(fold.role == VALIDATION), known)
    validation = Examples.of(observations, positions, fold.genes, molecules)
    return training, Validation(validation, fold.degs) if len(validation) else None


def _fold(path: str, observations: Observations) -> Fold:
    fold = Fold.load(path)
    if len(fold.role) != len(observations.obs):
        raise LacunaError(
            f"{path}: is of {len(fold.role)} observations, expected {len(observations.obs)}. "
            "Delete the folds of this target and run again."
        )
    return fold


def _save(model: "Trained", output: Mapping[str, str]) -> None:
    hdf5.save(output["model"], model.state())
    assert model.losses is not None
    write_table(model.losses, output["losses"])
    if "carried" in output:
        none = pd.DataFrame(columns=["part", "tensor", "what", "shape"])
        write_table(none if model.carried is None else model.carried, output["carried"])
