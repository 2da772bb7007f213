"""Running a method, and checking that it kept the contract.

A method is a module of `lacuna.completion.methods` with a card (see `lacuna.completion.card`) and

    prepare(observed, wanted, side, rng, *, **options) -> Predict

which learns once, and returns what predicts the wanted pairs block by block; or, if it cannot do
that,

    complete(observed, wanted, side, rng, *, **options) -> Completion

or, if it trains once and then predicts from any profiles that it is shown,

    fit(observed, side, rng, work, *, **options) -> Trained

It sees the training profiles only, and knows nothing of how it is judged.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from lacuna.completion.interface import (
    Completion,
    Fit,
    NotTrained,
    Predict,
    SideInformation,
    Trained,
)
from lacuna.completion.lengths import at_unit_length
from lacuna.completion.registry import (
    card,
    check_options,
    find_method,
    is_trained,
    keeps_model,
)
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

AT_ONCE = 8192  # pairs of a block: 32 MB of predictions at 978 genes


def train_method(
    name: str,
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    options: Mapping[str, object],
    work: Path | None = None,
) -> Trained:
    """Let a method see the training profiles; parameters as of `run_method`."""
    check_options(name, options)
    if is_trained(name):
        fit: Fit = find_method(name)
        return fit(observed, side, rng, work, **options)
    return NotTrained(at_unit_length(find_method(name)), side, options)


def run_method(
    name: str,
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    options: Mapping[str, object],
    *,
    elsewhere: ProfileSet | None = None,
    work: Path | None = None,
) -> Completion:
    """Run a method and check that it kept the contract.

    Parameters
    ----------
    name
        The method, see `available`.
    observed
        The training profiles.
    wanted : int array of shape (m, 2)
        The (drug, cell) pairs to predict; none of them is observed. With none at all the method is
        only trained, and the completion is empty.
    side
        What the method may use besides.
    rng
        The job's random stream.
    options
        The method's own keyword arguments, from the configuration.
    elsewhere
        Profiles that are not for training, but given at prediction: to predict pairs of one cell,
        those of all other cells. So a profile of the wanted drugs is known in other cells only.
    work
        A folder where a long training leaves checkpoints, from which it goes on when it was killed.

    Raises
    ------
    LacunaError
        If the method or one of its options is unknown.
    ValueError
        If the method's answer has the wrong shape or is not finite: a fault of the method.
    """
    trained = train_method(name, observed, side, rng, options, work)
    if not len(wanted):  # a fold without profiles, or a grid without gaps
        nothing = np.empty((0, len(observed.genes)), np.float32)
        return Completion(nothing, np.empty(0, bool), np.empty(0, np.float32), trained.losses)
    if elsewhere is None:
        completion = _predict_all(name, trained.prepare(observed, wanted, rng), wanted)
    else:
        completion = predict_from_elsewhere(trained, observed, elsewhere, wanted, rng)
    completion = replace(completion, losses=trained.losses)
    _check(name, completion, (len(wanted), len(observed.genes)))
    return completion


def complete_in_blocks(
    name: str,
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    options: Mapping[str, object],
    work: Path | None = None,
) -> Iterator[Completion]:
    """Run a method, and yield its predictions block by block, in the order of `wanted`.

    No more than a block is held in memory: where a method predicts cell by cell, files in the
    folder `work` put its predictions in order. Parameters and errors as of `run_method`.
    """
    prepared = prepare_method(name, observed, wanted, side, rng, options, work)
    yield from predict_in_blocks(name, prepared, observed, wanted, work)


def prepare_method(
    name: str,
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    options: Mapping[str, object],
    work: Path | None = None,
) -> Predict:
    """Let a method learn what `predict_in_blocks` predicts by; parameters as of `run_method`."""
    trained = train_method(name, observed, side, rng, options, work)
    return prepare_trained(name, trained, observed, wanted, rng, options)


def prepare_trained(
    name: str,
    trained: Trained,
    observed: ProfileSet,
    wanted: np.ndarray,
    rng: np.random.Generator,
    options: Mapping[str, object],
) -> Predict:
    """Let what `train_method` returned learn what `predict_in_blocks` predicts by.

    Parameters as of `run_method`; `rng` as the training left it.
    """
    if not len(wanted) and not keeps_model(name, options):
        return lambda _: Completion(np.empty((0, len(observed.genes)), np.float32))
    return trained.prepare(observed, wanted, rng)


def predict_in_blocks(
    name: str,
    prepared: Predict,
    observed: ProfileSet,
    wanted: np.ndarray,
    work: Path | None = None,
) -> Iterator[Completion]:
    """Yield the predictions of a prepared method, see `complete_in_blocks`."""
    if not len(wanted):
        return
    blocks = _blocks(name, prepared, wanted)
    checked = (
        (rows, _check(name, completion, (len(rows), len(observed.genes))))
        for rows, completion in blocks
    )
    if card(name).by_cell:
        yield from _put_in_order(checked, len(wanted), len(observed.genes), work)
    else:
        yield from (completion for _, completion in checked)


def _blocks(
    name: str, predict: Predict, wanted: np.ndarray
) -> Iterator[tuple[np.ndarray, Completion]]:
    """Yield positions among the wanted pairs, and what is predicted there."""
    if card(name).by_cell:
        parts = [np.flatnonzero(wanted[:, 1] == cell) for cell in np.unique(wanted[:, 1])]
    else:
        parts = np.split(np.arange(len(wanted)), range(AT_ONCE, len(wanted), AT_ONCE))
    for rows in parts:
        yield rows, predict(wanted[rows])


def _predict_all(name: str, predict: Predict, wanted: np.ndarray) -> Completion:
    rows, parts = zip(*_blocks(name, predict, wanted), strict=True)
    if len(parts) == 1:
        return parts[0]
    return Completion.join(parts).take(np.argsort(np.concatenate(rows)))


def _put_in_order(
    blocks: Iterable[tuple[np.ndarray, Completion]], count: int, genes: int, work: Path | None
) -> Iterator[Completion]:
    """Yield predictions in the order of their positions, which are those of all `count` pairs."""
    fallback, stderr = np.zeros(count, bool), np.full(count, np.nan, np.float32)
    by_gene = False
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=work) as file, TemporaryFile(dir=work) as errors:
        for rows, completion in blocks:
            _place(file, rows, completion.profiles)
            if completion.fallback is not None:
                fallback[rows] = completion.fallback
            if completion.stderr is not None:
                stderr[rows] = completion.stderr.reshape(len(rows), -1).mean(axis=1)
                by_gene = completion.stderr.ndim > 1
                if by_gene:
                    _place(errors, rows, completion.stderr.astype(np.float32))
        has_errors = np.isfinite(stderr).all()
        file.seek(0)
        errors.seek(0)
        for part in slices(count, AT_ONCE):
            size = part.stop - part.start
            profiles = _read_next(file, size, genes)
            stated = _read_next(errors, size, genes) if by_gene else stderr[part]
            yield Completion(profiles, fallback[part], stated if has_errors else None)


def _place(file: IO[bytes], rows: np.ndarray, values: np.ndarray) -> None:
    """Write float32 values, shape (rows, genes), where they belong."""
    for row, of_row in zip(rows, values, strict=True):
        file.seek(values.itemsize * values.shape[1] * int(row))
        file.write(of_row.tobytes())


def _read_next(file: IO[bytes], count: int, genes: int) -> np.ndarray:
    return np.frombuffer(file.read(4 * genes * count), np.float32).reshape(count, genes)


def predict_from_elsewhere(
    trained: Trained,
    observed: ProfileSet,
    elsewhere: ProfileSet,
    wanted: np.ndarray,
    rng: np.random.Generator,
) -> Completion:
    """Predict cell by cell, with the profiles from elsewhere that are of other cells.

    What was trained once answers as often as it is asked; parameters as of `run_method`.
    """
    rows_of_cell = [np.flatnonzero(wanted[:, 1] == cell) for cell in np.unique(wanted[:, 1])]
    parts = []
    for rows in rows_of_cell:
        in_other_cells = elsewhere.take(elsewhere.cell != wanted[rows[0], 1])
        parts.append(trained.predict(observed.join(in_other_cells), wanted[rows], rng))
    as_wanted = np.argsort(np.concatenate(rows_of_cell))
    return Completion.join(parts).take(as_wanted)


def _check(name: str, completion: Completion, expected: tuple[int, int]) -> Completion:
    if completion.profiles.shape != expected or completion.profiles.dtype != np.float32:
        raise ValueError(
            f"method {name} returned {completion.profiles.dtype} {completion.profiles.shape}, "
            f"expected float32 {expected}"
        )
    if completion.fallback is not None and completion.fallback.shape != expected[:1]:
        raise ValueError(f"method {name} returned fallback of shape {completion.fallback.shape}")
    stderr = completion.stderr
    if stderr is not None and stderr.shape not in {expected[:1], expected}:
        raise ValueError(f"method {name} returned stderr of shape {stderr.shape}")
    if stderr is not None and not (stderr >= 0).all():
        raise ValueError(f"method {name} returned standard errors that are not positive")
    if not np.isfinite(completion.profiles).all():
        raise ValueError(f"method {name} returned values that are not finite")
    return completion
