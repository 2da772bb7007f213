"""The players: every module here whose name does not begin with "_" is a method of that name.

A method is one file with

    complete(observed, wanted, side, rng, **options) -> Completion

or, if it trains once and then predicts from any profiles that it is shown,

    fit(observed, side, rng, work, **options) -> Trained

It sees the training profiles only, and knows nothing of how it is judged.
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from lacuna import hdf5
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.files import readable
from lacuna.profiles import ProfileSet

CONTRACT = ("observed", "wanted", "side", "rng", "work")


@dataclass(frozen=True)
class SideInformation:
    """What a method may use beside the training profiles.

    Attributes
    ----------
    smiles : array of str of shape (drugs,), or None
        Structures of the drugs; empty where not known.
    baseline : float32 array of shape (cells, genes), or None
        Log2 expression of the cells without treatment; NaN where not known.
    answers : ProfileSet or None
        The held-out profiles themselves; given to controls only.
    """

    smiles: np.ndarray | None = None
    baseline: np.ndarray | None = None
    answers: ProfileSet | None = None

    @classmethod
    def read(cls, tensor: ProfileSet, drugs: str | Path, baseline: str | Path) -> "SideInformation":
        """Find what tables know of a tensor's drugs and cells.

        Parameters
        ----------
        tensor
            Gives the order.
        drugs
            Table with drug and smiles, of the tensor's drugs or more.
        baseline
            Table of cells x genes with the column cell; cells without any are left out.
        """
        of_drugs = pd.read_csv(drugs, sep="\t", dtype=str, keep_default_na=False)
        of_cells = pd.read_csv(baseline, sep="\t", dtype={"cell": str}, keep_default_na=False)
        smiles = of_drugs.set_index("drug")["smiles"].reindex(tensor.drugs, fill_value="")
        known = of_cells.set_index("cell").reindex(index=tensor.cells, columns=tensor.genes)
        return cls(
            smiles.to_numpy(str) if smiles.any() else None,
            known.to_numpy(np.float32) if len(of_cells) else None,
        )


@dataclass(frozen=True)
class Completion:
    """Predicted profiles.

    Attributes
    ----------
    profiles : float32 array of shape (wanted, genes)
    fallback : bool array of shape (wanted,), or None
        Where the method had nothing to go by, and a plain mean stands instead.
    stderr : float32 array of shape (wanted,) or (wanted, genes), or None
        Standard error, from methods that have one.
    losses : DataFrame with columns stage, epoch, training, validation, or None
        How the training went, from methods that train in epochs.
    """

    profiles: np.ndarray
    fallback: np.ndarray | None = None
    stderr: np.ndarray | None = None
    losses: pd.DataFrame | None = None

    def save(self, path: str | Path) -> None:
        """Write one HDF5 file."""
        hdf5.save(path, {name: value for name, value in vars(self).items() if value is not None})

    @classmethod
    def join(cls, parts: Sequence["Completion"]) -> "Completion":
        """Put completions below each other; standard errors only if all have them.

        Losses get the column `part`: the number of the completion that they are of.
        """
        fallback = [
            np.zeros(len(part.profiles), bool) if part.fallback is None else part.fallback
            for part in parts
        ]
        stderr = [part.stderr for part in parts]
        losses = [
            part.losses.assign(part=number)
            for number, part in enumerate(parts)
            if part.losses is not None
        ]
        return cls(
            np.concatenate([part.profiles for part in parts]),
            np.concatenate(fallback),
            None if any(error is None for error in stderr) else np.concatenate(stderr),
            pd.concat(losses, ignore_index=True) if losses else None,
        )

    @classmethod
    def load(cls, path: str | Path) -> "Completion":
        """Read a file that `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged, or a prediction is not finite.
        LacunaError
            If the file is missing.
        """
        layout, optional = {"profiles": (hdf5.FLOATS, 2)}, {"losses": hdf5.TABLE}
        optional |= {"fallback": (hdf5.FLAGS, 1), "stderr": (hdf5.FLOATS, (1, 2))}
        with readable(path):
            loaded = cls(**hdf5.load(path, layout=layout, optional=optional))
            for known in (loaded.fallback, loaded.stderr):
                if known is not None and known.shape != loaded.profiles.shape[: known.ndim]:
                    raise ValueError(f"{known.shape} does not fit {loaded.profiles.shape}")
            if not np.isfinite(loaded.profiles).all():
                raise ValueError("profiles must be finite")
        return loaded


def available() -> list[str]:
    """Return the names of all methods and controls."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


class Trained(Protocol):
    """What `fit` returns: a method that has seen the training profiles.

    Attributes
    ----------
    losses : DataFrame with columns stage, epoch, training, validation, or None
    """

    losses: pd.DataFrame | None

    def predict(
        self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator
    ) -> Completion:
        """Predict wanted pairs from known profiles: those of training, and perhaps others."""


@dataclass(frozen=True)
class _NotTrained:
    """A method that starts anew whenever it predicts."""

    complete: Callable[..., Completion]
    side: SideInformation
    options: Mapping[str, object]
    losses: pd.DataFrame | None = None

    def predict(
        self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator
    ) -> Completion:
        return self.complete(known, wanted, self.side, rng, **self.options)


def find_method(name: str) -> Callable[..., Completion] | Callable[..., Trained]:
    """Return the function `complete` of a method, or `fit` where it has that.

    Raises
    ------
    LacunaError
        If there is no such method.
    """
    if name not in available():
        raise LacunaError(
            f"unknown method {name!r}{did_you_mean(name, available())}; "
            f"available: {listed(available(), 50)}."
        )
    module = importlib.import_module(f"{__name__}.{name}")
    return module.complete if hasattr(module, "complete") else module.fit


def is_trained(name: str) -> bool:
    """Return whether a method trains once and then predicts from any profiles it is shown."""
    return find_method(name).__name__ == "fit"


def check_options(name: str, options: Mapping[str, object]) -> None:
    """Check that a method has the options that the configuration gives it.

    Raises
    ------
    LacunaError
        If the method or one of its options is unknown, or an option's value is of another type.
    """
    parameters = inspect.signature(find_method(name)).parameters
    known = [option for option in parameters if option not in CONTRACT]
    for option, value in options.items():
        if option not in known:
            raise LacunaError(
                f"method_options: {name} has no option {option!r}{did_you_mean(option, known)}; "
                f"it has {listed(known) or 'none'}."
            )
        kind = parameters[option].annotation
        allowed = (int, float) if kind is float else kind
        # In Python true and false are numbers, too.
        if isinstance(value, bool) != (kind is bool) or not isinstance(value, allowed):
            raise LacunaError(
                f"method_options: {name}: {option} is {value!r}, expected {kind.__name__}."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise LacunaError(f"method_options: {name}: {option} is {value}, expected a number.")


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
    method = find_method(name)
    if is_trained(name):
        return method(observed, side, rng, work, **options)
    return _NotTrained(method, side, options)


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
        The (drug, cell) pairs to predict; none of them is observed.
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
    if elsewhere is None or not len(wanted):
        completion = trained.predict(observed, wanted, rng)
    else:
        completion = _predict_from_elsewhere(trained, observed, elsewhere, wanted, rng)
    completion = replace(completion, losses=trained.losses)
    _check(name, completion, (len(wanted), len(observed.genes)))
    return completion


def _predict_from_elsewhere(
    trained: Trained,
    observed: ProfileSet,
    elsewhere: ProfileSet,
    wanted: np.ndarray,
    rng: np.random.Generator,
) -> Completion:
    """Predict cell by cell, with the profiles from elsewhere that are of other cells."""
    rows = [np.flatnonzero(wanted[:, 1] == cell) for cell in np.unique(wanted[:, 1])]
    parts = [
        trained.predict(
            observed.join(elsewhere.take(elsewhere.cell != wanted[asked[0], 1])), wanted[asked], rng
        )
        for asked in rows
    ]
    back = np.argsort(np.concatenate(rows))
    joined = Completion.join(parts)
    stderr = None if joined.stderr is None else joined.stderr[back]
    return Completion(joined.profiles[back], joined.fallback[back], stderr)


def _check(name: str, completion: Completion, expected: tuple[int, int]) -> None:
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
