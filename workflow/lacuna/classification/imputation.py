"""Gaps filled without the drugs held out: the completion nested in the folds of classifiers.

In the published protocol a tensor is completed once, from all profiles. A profile predicted for a
training drug may then be nearly that of a test drug: its neighbour, measured in the cell. Here the
gaps of training drugs are filled by a completion that has seen no profile of the test drugs. A test
drug's own gaps are filled from all profiles, as those of a new drug measured in a few cells.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.classification.models import deal_folds
from lacuna.classification.parts import resume
from lacuna.classification.profiles import DrugProfiles, best_covered
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

LAYOUT: hdf5.Layout = {"profiles": (hdf5.FLOATS, 2)}


def impute_folds(
    tensor: ProfileSet,
    answers: pd.DataFrame,
    method: str,
    options: Mapping[str, object],
    side: SideInformation,
    *,
    most_cells: int,
    folds: int,
    fold_seed: int,
    seed: int,
    work: Path | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Fill the gaps of each fold's training drugs by a completion that has not seen the others.

    Parameters
    ----------
    tensor
        The measured profiles.
    answers
        As `make_tasks` returns them.
    method, options
        Of the completion.
    side
        What the method may use besides.
    most_cells, folds, fold_seed
        The cells that serve as profile types and the folds, as of `run_experiments`.
    seed
        Of the run, from which each completion has its own random stream.
    work
        A folder where finished folds wait, should the job be killed.

    Yields
    ------
    name, float32 array of shape (gaps, genes)
        Of each task and fold: see `name_of`; in the order of `gaps`.
    """
    measured = pd.DataFrame(tensor.measured, index=tensor.drugs, columns=tensor.cells)
    drugs, cells = best_covered(measured, most_cells)
    row, column = measured.index.get_indexer(drugs), measured.columns.get_indexer(cells)
    for number, task in enumerate(tqdm(answers.columns.astype(str), desc="tasks", mininterval=5)):
        fold = deal_folds(answers[task].reindex(drugs).to_numpy(float), folds, fold_seed)
        for held_out in np.unique(fold[fold >= 0]):
            drug, cell = gaps(measured.loc[drugs, cells].to_numpy(), fold, held_out).T
            wanted = np.column_stack([row[drug], column[cell]])
            known = tensor.take(~np.isin(tensor.drug, row[fold == held_out]))
            words = ("imputed", method, task, held_out)

            def complete(
                known: ProfileSet = known,
                wanted: np.ndarray = wanted,
                words: tuple[object, ...] = words,
            ) -> hdf5.Content:
                rng = generator(seed, *words)
                completion = run_method(method, known, wanted, side, rng, options)
                return {"profiles": completion.profiles}

            start = (words, options, seed, known.profiles, known.pairs, wanted)
            yield name_of(number, held_out), resume(work, start, LAYOUT, complete)["profiles"]


def gaps(measured: np.ndarray, fold: np.ndarray, held_out: int) -> np.ndarray:
    """Return where a fold's training drugs have no measured profile.

    Parameters
    ----------
    measured : bool array of shape (drugs, cells)
    fold : int array of shape (drugs,)
        The fold that holds out each drug; -1 for those without a label.
    held_out
        The fold.

    Returns
    -------
    int array of shape (gaps, 2)
        Rows and columns of `measured`.
    """
    training = (fold >= 0) & (fold != held_out)
    return np.argwhere(training[:, None] & ~measured)


def name_of(task: int, fold: int) -> str:
    """Return what the profiles of a task (its number among the answers) and a fold are called."""
    return f"task_{task}_fold_{fold}"


def filled_folds(path: str | Path | None) -> Callable[[str], np.ndarray] | None:
    """Return a function that reads what `impute_folds` made under a name from its file, if any."""
    if path is None:
        return None

    def read(name: str) -> np.ndarray:
        with explain_read_errors(path), h5py.File(path, "r") as file:
            return hdf5.member(file, name)[:]

    return read


def in_folds(
    profiles: DrugProfiles, fold: np.ndarray, task: int, read: Callable[[str], np.ndarray]
) -> dict[int, DrugProfiles]:
    """Return, for each fold, the profiles with the gaps of its training drugs filled without it.

    Parameters
    ----------
    profiles
        Completed from all profiles.
    fold : int array of shape (drugs,)
        The fold that holds out each drug; -1 for those without a label.
    task
        The task's number among the answers.
    read
        Returns what `impute_folds` made under a name.
    """
    known = {}
    for held_out in np.unique(fold[fold >= 0]):
        drug, cell = gaps(profiles.measured, fold, held_out).T
        filled = profiles.profiles.copy()
        filled[drug, cell] = read(name_of(task, held_out))
        known[int(held_out)] = replace(profiles, profiles=filled)
    return known
