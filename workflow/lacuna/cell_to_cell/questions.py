"""What a training is scored on: test profiles, and the profiles that these are predicted from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.analyses import (
    ALL_INPUTS,
    BY_INPUTS,
    MEAN_INPUT,
    OTHER_TYPES,
    SCORES,
    TESTS,
    UNSEEN,
)
from lacuna.cell_to_cell.stage import COPY
from lacuna.cell_to_cell.study import OTHER_CELL, OTHER_TEST, Study, inputs_of
from lacuna.cell_to_cell.trainings import FULL, Chance, Chosen, Training, predictable
from lacuna.completion.interface import SideInformation, Trained
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.completion.run import predict_from_elsewhere, train_method
from lacuna.evaluation.correlation import profile_pearson
from lacuna.tensor.profiles import ProfileSet


def answerable(asked: Sequence[str], chosen: Chosen, study: Study) -> list[str]:
    """Return the questions that the data allow of a training.

    Parameters
    ----------
    asked
        `TESTS`, `UNSEEN`, `BY_INPUTS` or `OTHER_TYPES`.
    chosen
        The profiles of the training.
    study
        All profiles.
    """
    if not len(chosen.training):
        return []
    allowed = {
        TESTS: len(chosen.test) > 0 and not chosen.is_short,
        UNSEEN: len(_outside(chosen, study)) > 0,
        BY_INPUTS: bool((inputs_of(chosen.test, chosen.given) > 1).any()),
        OTHER_TYPES: len(study.take(OTHER_TEST)) > 0,
    }
    return [question for question in asked if allowed[question]]


def train_and_ask(
    asked: Mapping[str, Any],
    chosen: Chosen,
    study: Study,
    side: SideInformation,
    chance: Chance,
    work: Path,
) -> tuple[Trained | None, pd.DataFrame]:
    """Train once, and score what is asked of the training.

    Parameters
    ----------
    asked
        Attributes of a `Training`; `asked`, its questions, see `answerable`.
    chosen, study
        Its profiles, and all.
    side
        What methods may use besides.
    chance
        Its stream without any words is that of all trainings: they should differ in nothing but
        what they are for.
    work
        A folder for checkpoints, from which a killed training goes on.

    Returns
    -------
    trained : Trained or None
        None where the data allow no answer: then nothing is trained, but for the network that is
        kept.
    scores : DataFrame
        As `ask` returns it.
    """
    training, questions = Training.of(asked), answerable(asked["asked"], chosen, study)
    if not questions and training.name != FULL:
        print(f"{training.name}: these data allow no such training, or nothing to test it on")
        return None, pd.DataFrame(columns=SCORES)
    print(f"{training.name}: {training.method}, trained on {len(chosen.training)} profiles")
    rng = chance()
    trained = train_method(
        training.method, chosen.training, side, rng, training.options, work / training.name
    )
    return trained, ask(questions, trained, chosen, study, chance, rng)


def ask(
    asked: Sequence[str],
    trained: Trained,
    chosen: Chosen,
    study: Study,
    chance: Chance,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Score a training, beside the copy: the mean of the profiles that are given.

    Parameters
    ----------
    asked
        Questions that it can answer, see `answerable`.
    trained
        The method, trained.
    rng
        The random stream of the training, from which its tests go on.
    chosen, study
        Its profiles, and all.
    chance
        What other questions than `TESTS` draw from.

    Returns
    -------
    DataFrame with columns asked, label, drug, pert_type, cell, given, inputs, pearson, copy
        One row a predicted profile, which is that of the drug in `cell`: the cell it is predicted
        from, empty where these are several, their number, and the correlation over genes of the
        prediction, and of the copy, with it. `label` says which cell, family or number it is of.
    """
    tables = [pd.DataFrame(columns=SCORES)]
    for question in asked:
        own = rng if question == TESTS else chance("asked", question)
        if question == BY_INPUTS:
            found = _by_inputs(trained, chosen, own)
        else:
            parts = _parts(question, chosen, study)
            found = (_answer(trained, chosen, *part, own) for part in parts)
        for table in found:
            types = dict(zip(study.tensor.drugs, study.pert_type, strict=True))
            table = table.assign(asked=question, pert_type=table["drug"].map(types))
            tables.append(table[SCORES])
    return pd.concat(tables[1:] or tables, ignore_index=True)


def _parts(
    question: str, chosen: Chosen, study: Study
) -> Iterator[tuple[str, ProfileSet, ProfileSet]]:
    """Yield labels, what is predicted, and from what."""
    if question == UNSEEN:
        outside = _outside(chosen, study)
        for cell in np.unique(outside.cell):
            given = outside.take(outside.cell == cell)
            yield str(outside.cells[cell]), predictable(chosen.test, given), given
    elif question == OTHER_TYPES:
        test = study.take(OTHER_TEST)
        yield chosen.label, test, test
    else:
        yield chosen.label, chosen.test, chosen.given


def _outside(chosen: Chosen, study: Study) -> ProfileSet:
    """Return the profiles of test drugs in cells that are not of the study."""
    outside = study.take(OTHER_CELL)
    return outside.take(np.isin(outside.drug, chosen.test.drug))


def _answer(
    trained: Trained,
    chosen: Chosen,
    label: str,
    test: ProfileSet,
    given: ProfileSet,
    rng: np.random.Generator,
) -> pd.DataFrame:
    copy = train_method(COPY, chosen.training, SideInformation(), rng, {})
    predicted, copied = (
        predict_from_elsewhere(each, chosen.training, given, test.pairs, rng).profiles
        for each in (trained, copy)
    )
    from_cells = given.measured[test.drug]
    from_cells[np.arange(len(test)), test.cell] = False
    only = np.where(from_cells.sum(axis=1) == 1, test.cells[from_cells.argmax(axis=1)], "")
    return _scored(test, predicted, copied, label, only, inputs_of(test, given))


def _scored(
    test: ProfileSet,
    predicted: np.ndarray,
    copied: np.ndarray,
    label: str,
    given: object,
    inputs: object,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": label,
            "drug": test.drugs[test.drug],
            "cell": test.cells[test.cell],
            "given": given,
            "inputs": inputs,
            "pearson": profile_pearson(test.profiles, predicted),
            "copy": profile_pearson(test.profiles, copied),
        }
    )


def _by_inputs(
    trained: Trained, chosen: Chosen, rng: np.random.Generator
) -> Iterator[pd.DataFrame]:
    """Score predictions from ever more input cells, drawn for each profile; from all; from a mean.

    What each input cell alone predicts is averaged, so that a profile is predicted from one cell,
    from this and a second one, and so on.
    """
    test, given = chosen.test, chosen.given
    cells = np.unique(given.cell)
    # Where each test profile has an input: its row among the given ones, by cell.
    pairs = np.stack([np.column_stack([test.drug, np.full(len(test), c)]) for c in cells], axis=1)
    rows = given.find(pairs.reshape(-1, 2)).reshape(len(test), len(cells))
    rows[test.cell[:, None] == cells] = -1
    shape = (*rows.shape, len(test.genes))
    predicted, copied = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for place, cell in enumerate(cells):
        has = np.flatnonzero(rows[:, place] >= 0)
        alone = given.take(given.cell == cell)
        predicted[has, place] = predict_from_elsewhere(
            trained, chosen.training, alone, test.pairs[has], rng
        ).profiles
        copied[has, place] = given.profiles[rows[has, place]]
    count = (rows >= 0).sum(axis=1)
    drawn = np.argsort(np.where(rows >= 0, rng.random(rows.shape), 2), axis=1)[:, :, None]
    counted = np.arange(1, len(cells) + 1)[:, None]
    sums = [
        np.cumsum(np.take_along_axis(each, drawn, axis=1), axis=1) for each in (predicted, copied)
    ]
    by_number, copies_by_number = (each / counted for each in sums)
    for number in range(1, count.max() + 1):
        these = np.flatnonzero(count >= number)
        label = f"{number} input cell{'s' * (number > 1)}"
        predictions, copies = (each[these, number - 1] for each in (by_number, copies_by_number))
        yield _scored(test.take(these), predictions, copies, label, "", number)
    last = np.arange(len(test)), count - 1
    copy = copies_by_number[last]
    yield _scored(test, by_number[last], copy, ALL_INPUTS, "", count)
    if isinstance(trained, DeepCellState):
        mean = predict_from_elsewhere(
            replace(trained, inputs="mean"), chosen.training, given, test.pairs, rng
        )
        yield _scored(test, mean.profiles, copy, MEAN_INPUT, "", count)
