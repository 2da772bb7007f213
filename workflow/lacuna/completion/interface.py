"""What methods take and return."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors
from lacuna.tensor.joined import REMEDY, described, named_rows
from lacuna.tensor.profiles import ProfileSet


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

        Raises
        ------
        LacunaError
            If a drug has no row, a drug or cell has two, or a gene has no column.
        """
        drug_table = pd.read_csv(drugs, sep="\t", dtype=str, keep_default_na=False)
        baseline_table = pd.read_csv(baseline, sep="\t", dtype={"cell": str}, keep_default_na=False)
        smiles = described(tensor, "drugs", drug_table, drugs)["smiles"]
        known = np.intersect1d(tensor.cells, baseline_table["cell"])
        by_cell = named_rows(baseline_table, "cell", known, baseline).set_index("cell")
        without = pd.Index(tensor.genes).difference(by_cell.columns)
        if len(baseline_table) and len(without):
            raise LacunaError(
                f"{baseline}: has no column for {len(without)} of the tensor's genes: "
                f"{listed(without)}. {REMEDY}"
            )
        expression = by_cell.reindex(index=tensor.cells, columns=tensor.genes)
        return cls(
            smiles.to_numpy(str) if smiles.any() else None,
            expression.to_numpy(np.float32) if len(baseline_table) else None,
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

    def take(self, rows: np.ndarray) -> "Completion":
        """Return some of the predictions, without losses."""
        return Completion(
            self.profiles[rows],
            None if self.fallback is None else self.fallback[rows],
            None if self.stderr is None else self.stderr[rows],
        )

    @classmethod
    def join(cls, parts: Sequence["Completion"]) -> "Completion":
        """Put completions below each other; standard errors only if all have them.

        Losses get the column `part`: the number of the completion that they are of.
        """
        fallback = [
            np.zeros(len(part.profiles), bool) if part.fallback is None else part.fallback
            for part in parts
        ]
        stderr = [part.stderr for part in parts if part.stderr is not None]
        losses = [
            part.losses.assign(part=number)
            for number, part in enumerate(parts)
            if part.losses is not None
        ]
        return cls(
            np.concatenate([part.profiles for part in parts]),
            np.concatenate(fallback),
            np.concatenate(stderr) if len(stderr) == len(parts) else None,
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
        layout: hdf5.Layout = {"profiles": (hdf5.FLOATS, 2)}
        optional: hdf5.Layout = {
            "losses": hdf5.TABLE,
            "fallback": (hdf5.FLAGS, 1),
            "stderr": (hdf5.FLOATS, (1, 2)),
        }
        with explain_read_errors(path):
            content: dict[str, Any] = {**hdf5.load(path, layout=layout, optional=optional)}
            loaded = cls(**content)
            for array in (loaded.fallback, loaded.stderr):
                if array is not None and array.shape != loaded.profiles.shape[: array.ndim]:
                    raise ValueError(f"{array.shape} does not fit {loaded.profiles.shape}")
            if not np.isfinite(loaded.profiles).all():
                raise ValueError("profiles must be finite")
        return loaded


# Wanted (drug, cell) pairs, shape (n, 2) -> their completion. However the pairs are divided into
# blocks, each is predicted alike, but for rounding.
Predict = Callable[[np.ndarray], Completion]


@dataclass(frozen=True)
class Fitted:
    """What `prepare` returns of a method that can be kept: it predicts, and says what it learnt.

    The method's module has `restore` beside `prepare`, which makes the same of its state.

    Attributes
    ----------
    predict : Predict
    state : mapping of str to array
        All that was learnt; with the training profiles and side information, `restore` needs no
        more.
    learn_new_drugs : callable or None
        Learns, with a random stream, what predicts drugs without any profile, and returns it as a
        state; None of a method that knows nothing of these.
    """

    predict: Predict
    state: Mapping[str, np.ndarray]
    learn_new_drugs: Callable[[np.random.Generator], Mapping[str, np.ndarray]] | None = None

    def __call__(self, pairs: np.ndarray) -> Completion:
        return self.predict(pairs)


class Restore(Protocol):
    """The function `restore` of a method: what `prepare` returned, without learning anew.

    It raises KeyError or ValueError where the state does not fit the profiles.
    """

    def __call__(
        self,
        observed: ProfileSet,
        side: SideInformation,
        state: Mapping[str, np.ndarray],
        /,
    ) -> Fitted: ...


class Prepare(Protocol):
    """The function `prepare` of a method: it learns once what all wanted pairs are predicted by."""

    def __call__(
        self,
        observed: ProfileSet,
        wanted: np.ndarray,
        side: SideInformation,
        rng: np.random.Generator,
        /,
        **options: Any,
    ) -> Predict: ...


class Complete(Protocol):
    """The function `complete` of a method that predicts all wanted pairs at once."""

    def __call__(
        self,
        observed: ProfileSet,
        wanted: np.ndarray,
        side: SideInformation,
        rng: np.random.Generator,
        /,
        **options: Any,
    ) -> Completion: ...


class Fit(Protocol):
    """The function `fit` of a method that trains once."""

    def __call__(
        self,
        observed: ProfileSet,
        side: SideInformation,
        rng: np.random.Generator,
        work: Path | None,
        /,
        **options: Any,
    ) -> "Trained": ...


class Trained(ABC):
    """What `fit` returns: a method that has seen the training profiles.

    Attributes
    ----------
    losses : DataFrame with columns stage, epoch, training, validation, or None
    """

    losses: pd.DataFrame | None

    @abstractmethod
    def prepare(self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator) -> Predict:
        """Return what predicts blocks of wanted pairs.

        Parameters
        ----------
        known
            The profiles to predict from: those of training, and perhaps others.
        wanted : int array of shape (m, 2)
            All (drug, cell) pairs that will be asked for.
        rng
            The job's random stream; all chance is drawn now.
        """

    def predict(
        self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator
    ) -> Completion:
        """Predict wanted pairs, all at once."""
        return self.prepare(known, wanted, rng)(wanted)


@dataclass(frozen=True)
class NotTrained(Trained):
    """A method that starts anew for every set of wanted pairs.

    Attributes
    ----------
    method : Prepare or Complete
    """

    method: "Prepare | Complete"
    side: SideInformation
    options: Mapping[str, object]
    losses: pd.DataFrame | None = None

    def prepare(self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator) -> Predict:
        prepared = self.method(known, wanted, self.side, rng, **self.options)
        if not isinstance(prepared, Completion):
            return prepared
        whole, row = prepared, np.zeros(known.measured.shape, int)
        row[tuple(wanted.T)] = np.arange(len(wanted))
        parts = (whole.profiles, whole.fallback, whole.stderr)
        if any(part is not None and len(part) != len(wanted) for part in parts):
            return lambda _: whole  # whoever asks sees that it does not fit
        return lambda pairs: whole.take(row[tuple(pairs.T)])
