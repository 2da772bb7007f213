"""From the network of the first fold to a model that others can use."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.genes import GeneTable
from lacuna.single_cell.averages import read_scores
from lacuna.single_cell.expected import OF_DRUGS, expect, metric_of
from lacuna.single_cell.interface import CONTROL, TRAINING, VALIDATION, Fold, Observations
from lacuna.single_cell.model_file import Predictor, save_predictor
from lacuna.single_cell.observations import blocks_of, open_observations
from lacuna.structures.similar import similarity


def assemble_predictor(
    files: Mapping[str, Any], output: str, *, run: Mapping[str, str], data: str
) -> None:
    """Write the model: the network, what it was trained on, and what held-out drugs reached.

    Parameters
    ----------
    files
        observations, drugs, fold, model (trained on the fold); scores of all folds; genes, a table
        of human genes, where Ensembl ids are wanted.
    output
        Where to write; see `lacuna.single_cell.model_file`.
    run
        target, model, start, fold, seed: which training it is.
    data
        Name of the data.

    Raises
    ------
    LacunaError
        If no network was trained, or the files do not belong together.
    """
    from lacuna.networks.training import fingerprint  # imports PyTorch
    from lacuna.single_cell.model.trained import restore

    if not run:
        raise LacunaError(
            "single_cell: models: no network of this configuration is trained, as learned vectors "
            "say nothing of drugs held out; expected one with an encoder of structures, or a split "
            "over lines or observations."
        )
    observations = open_observations(files["observations"], files["drugs"])
    fold, trained = Fold.load(files["fold"]), restore(hdf5.load(files["model"]))
    if unknown := sorted(set(trained.drugs) - {CONTROL, *observations.drugs.index}):
        raise LacunaError(
            f"{files['model']}: was trained on {len(unknown)} drugs, such as {unknown[0]}, that "
            f"{files['drugs']} has not. Delete it and run again."
        )
    drugs = observations.drugs.loc[[name for name in trained.drugs if name != CONTROL]]
    table = fold.conditions
    treated = (table["role"] == TRAINING) & ~table["control"].astype(bool)
    of_signatures = trained.kind == "signatures"
    scores = read_scores(files["scores"])
    metric = metric_of(trained.kind, run["fold"].rpartition("_")[0])
    model = Predictor(
        trained=trained,
        drugs=drugs[["smiles", "inchi_key", "block"]],
        doses=np.unique(table.loc[treated, "dose"].to_numpy(float)),
        level=pd.Series(dtype=float) if of_signatures else level_of(observations, fold),
        starts=starts_of(fold, trained.genes, trained.typical) if of_signatures else pd.DataFrame(),
        ensembl=ensembl_of(trained.genes, files.get("genes")),
        expected=expect(scores, run, metric, nearest_of_folds(scores, run, observations.drugs)),
        facts={
            **{name: str(run[name]) for name in ("target", "model", "start", "fold", "seed")},
            "data": data,
            "digest": fingerprint(
                fold.mean,
                roles=tuple(fold.role),
                genes=tuple(fold.genes),
                held_out=tuple(fold.held_out),
            ),
        },
    )
    save_predictor(output, model)
    print(
        f"{model.facts['target']}, {model.facts['model']}: {len(trained.genes):,} genes, "
        f"{len(trained.lines)} lines, {len(drugs)} drugs. {model.expected.in_words()}"
    )


def level_of(observations: Observations, fold: Fold) -> "pd.Series[float]":
    """Return the mean normalised counts of the fold's untreated cells, by gene, of all genes."""
    control = observations.obs["control"].to_numpy(bool)
    positions = np.flatnonzero(control & np.isin(fold.role, (TRAINING, VALIDATION)))
    if not len(positions):
        raise LacunaError(
            f"single_cell: the fold {fold.name} has no untreated cell that is trained or validated "
            "on. Hold out fewer lines."
        )
    total = np.zeros(len(observations.genes))
    for _, rows in blocks_of(observations, positions):
        total += np.expm1(rows.astype(np.float64)).sum(axis=0)
    return pd.Series(total / len(positions), observations.genes.astype(str).to_numpy(object))


def starts_of(fold: Fold, genes: pd.Index, typical: np.ndarray) -> pd.DataFrame:
    """Return what predictions of signatures start from: the mean of each line's training drugs."""
    is_control = fold.conditions["control"].to_numpy(bool)
    means = pd.DataFrame(fold.mean[is_control], columns=fold.genes)
    means.index = fold.conditions.loc[is_control, "line"].astype(str).to_numpy(object)
    return means[~means.index.duplicated()].reindex(columns=genes).fillna(pd.Series(typical, genes))


def ensembl_of(genes: pd.Index, table: str | None) -> "pd.Series[str]":
    """Return Ensembl ids by symbol, of the genes for which a table has one."""
    known = GeneTable.read(table).ensembl if table else GeneTable().ensembl
    ids = pd.Series(known.index.to_numpy(object), known.to_numpy(object), dtype=object)
    ids = ids[~ids.index.duplicated()]
    return ids[ids.index.isin(genes)]


def nearest_of_folds(
    scores: pd.DataFrame, run: Mapping[str, str], drugs: pd.DataFrame
) -> "pd.Series[float] | None":
    """Return how alike each drug of a test is to the nearest drug that is not in it.

    Parameters
    ----------
    scores
        Of all folds.
    run
        target, fold: all folds of that split count.
    drugs
        All of the target, see `lacuna.single_cell.interface.DRUGS`.

    Returns
    -------
    Series by fold and drug; None where the split does not hold out drugs
    """
    split = run["fold"].rpartition("_")[0]
    if split not in OF_DRUGS:
        return None
    own = scores[(scores["target"] == run["target"]) & (scores["split"] == split)]
    found: dict[tuple[Hashable, Hashable], float] = {}
    for fold, rows in own.groupby("fold"):
        tested = drugs.index.isin(rows["drug"].unique())
        held, rest = drugs[tested], drugs[~tested]
        if rest.empty or held.empty:
            continue
        alike = similarity(held["smiles"].tolist(), rest["smiles"].tolist()).max(axis=1)
        found |= {(fold, drug): value for drug, value in zip(held.index, alike, strict=True)}
    index = pd.MultiIndex.from_tuples(list(found), names=["fold", "drug"]) if found else None
    return pd.Series(list(found.values()), index, dtype=float) if found else None
