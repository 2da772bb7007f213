"""Training in epochs: early stopping, best weights, losses, and going on after a kill.

Everything that a training needs to go on stands in its checkpoint: weights, the optimiser's
moments, the states of the random streams of processor and GPU, the epochs done. A training that was
killed and started again draws what one that was not would have drawn, and on a processor gives the
same numbers; a GPU sums in another order each time.
"""

import copy
import hashlib
import math
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypedDict

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.atomic import explain_read_errors, write_whole
from lacuna.networks.random_states import go_on_drawing, has_states, random_states

SECONDS_BETWEEN_CHECKPOINTS = 30
# One that takes longer to write is written as much less often: a twentieth of the time goes there.
SECONDS_TO_WRITE = 1.5
CHECKPOINT = "checkpoint.pt"
LOSSES = ["stage", "epoch", "training", "validation"]


class Stage(TypedDict):
    """Where a stage of a training stands.

    done and misses count epochs, misses those since the last lower validation loss; least is the
    lowest, best the weights that it was of; optimiser and schedule hold the states of both.
    """

    name: str
    done: int
    misses: int
    least: float
    best: dict[str, torch.Tensor] | None
    optimiser: dict[str, Any] | None
    schedule: dict[str, Any] | None


STAGE = Stage.__required_keys__


class Stateful(Protocol):
    """What a checkpoint keeps of an optimiser, of its schedule, or of several at once."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that `load_state_dict` needs."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Take up a state; another one's raises a KeyError or ValueError."""


class Schedule(Stateful, Protocol):
    """What changes learning rates after each epoch."""

    def step(self) -> None:
        """Take a step."""


def fingerprint(*arrays: np.ndarray, **options: object) -> str:
    """Return a digest of what a training starts from: another one must not go on from its file."""
    digest = hashlib.sha256(repr(sorted(options.items())).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@contextmanager
def fast_products() -> Iterator[None]:
    """Let a GPU multiply matrices in TF32 within the block; on a processor nothing changes.

    TF32 keeps the range of float32 and 10 bits after the point, and sums in float32: more than the
    noise of a gradient of one minibatch needs, several times faster. Predictions are made outside
    of the block. bfloat16, with 7 bits, would round what a skip connection hands on: not used.
    """
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextmanager
def random_stream(rng: np.random.Generator) -> Iterator[None]:
    """Let PyTorch draw from a stream that `rng` seeds, and leave its own as it was.

    It computes on one thread, whatever others have set since: a library that shares its OpenMP, as
    numba does, sets the number for both.
    """
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**63)))
        yield


def read_saved(path: str | Path) -> dict[str, Any]:
    """Read what `torch.save` wrote of a dictionary; nothing in it is executed.

    Raises
    ------
    DamagedFile
        If the file is damaged, or is no such file.
    LacunaError
        If the file is missing.
    """
    with explain_read_errors(path):
        try:
            with zipfile.ZipFile(path) as archive:
                # PyTorch packs nothing: what is larger than the file would only fill the memory.
                unpacked = sum(entry.file_size for entry in archive.infolist())
                if unpacked > Path(path).stat().st_size or archive.testzip():
                    raise ValueError("its parts are not what its directory says")
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, MemoryError):
            raise
        except Exception as error:  # zipfile, pickle and PyTorch raise of many kinds
            raise ValueError(error) from error
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}")
        return content


def fits(weights: object, part: nn.Module) -> bool:
    """Return whether weights are those of a network, by name, shape and type."""
    own = part.state_dict()
    return (
        isinstance(weights, dict)
        and weights.keys() == own.keys()
        and all(
            isinstance(weights[name], torch.Tensor)
            and (weights[name].shape, weights[name].dtype) == (weight.shape, weight.dtype)
            and weights[name].is_contiguous()
            for name, weight in own.items()
        )
    )


class Checkpoint:
    """The file from which a training that was killed goes on, in the folder `work`."""

    def __init__(self, work: Path | None, start: str) -> None:
        """Keep it in a folder, None for none, for the training that begins at `start`."""
        self.path = None if work is None else Path(work) / CHECKPOINT
        self._start, self._saved_at, self._took = start, time.monotonic(), 0.0

    @property
    def is_due(self) -> bool:
        """Whether the last one is old enough, see `SECONDS_TO_WRITE`; never without a folder."""
        least = SECONDS_BETWEEN_CHECKPOINTS * max(1, self._took / SECONDS_TO_WRITE)
        return self.path is not None and time.monotonic() - self._saved_at > least

    def save(self, content: dict[str, Any]) -> None:
        """Write what the training needs to go on, and the states of the random streams."""
        if self.path is None:
            return
        began = time.monotonic()
        saved = {"start": self._start, **random_states()} | content
        with write_whole(self.path) as unfinished:
            torch.save(saved, unfinished)
        self._saved_at = time.monotonic()
        self._took = self._saved_at - began

    def read(self) -> dict[str, Any] | None:
        """Return what was saved; None if there is nothing of this training, or it is damaged."""
        if self.path is None or not self.path.exists():
            return None
        try:
            saved = read_saved(self.path)
        except LacunaError as error:
            print(f"The training starts anew: {error}")
            return None
        return saved if saved.get("start") == self._start and has_states(saved) else None


class Training:
    """One training of one network, in named stages; see `run`.

    Attributes
    ----------
    network : Module
        Whatever is trained, on its device.
    losses : DataFrame with columns stage, epoch, training, validation, and those of `measures`
        One row per epoch done.
    """

    def __init__(
        self, network: nn.Module, work: Path | None, start: str, measures: Sequence[str] = ()
    ) -> None:
        """Go on from the checkpoint in the folder `work`, if it is of the training `start`.

        Parameters
        ----------
        network
            As it is at the start.
        work
            The folder of the checkpoint; None for none.
        start
            See `fingerprint`.
        measures
            What else an epoch returns, behind both losses.
        """
        self.network, self._columns = network, [*LOSSES, *measures]
        self._file = Checkpoint(work, start)
        self._losses: list[tuple[Any, ...]] = []
        self._finished: list[str] = []
        self._stage: Stage | None = None
        checkpoint = self._file.read()
        if checkpoint and self._is_usable(checkpoint):
            network.load_state_dict(checkpoint["network"])
            go_on_drawing(checkpoint)
            self._losses, self._finished = checkpoint["losses"], checkpoint["finished"]
            self._stage = checkpoint["stage"]

    @property
    def losses(self) -> pd.DataFrame:
        return pd.DataFrame(self._losses, columns=self._columns)

    def run(
        self,
        stage: str,
        epoch: Callable[[], tuple[float, ...]],
        *,
        epochs: int,
        patience: int,
        part: nn.Module | None = None,
        optimiser: Stateful | None = None,
        schedule: Schedule | None = None,
        keep_last: bool = False,
    ) -> None:
        """Run epochs until the validation loss no longer falls; leave the best weights.

        A stage that the checkpoint says is finished does nothing.

        Parameters
        ----------
        stage
            Its name, not used before in this training.
        epoch
            Trains for an epoch and returns the training loss, the validation loss, and the values
            of `measures`. A validation loss of NaN, where there is nothing to validate on, stands
            for the training loss; infinity, for an epoch that is not validated, is never the best.
        epochs
            At most so many.
        patience
            Stop after so many epochs in a row without a lower validation loss.
        part
            What the stage changes, and whose best weights are kept; None for the whole network.
        optimiser
            Whose moments carry over from one epoch to the next, if any.
        schedule
            Of the optimiser's learning rate, if any; it takes a step after each epoch.
        keep_last
            Leave the last weights, however the validation loss was before.
        """
        if stage in self._finished:
            return
        part = self.network if part is None else part
        if self._stage:
            state = self._resume(self._stage, stage, part, optimiser, schedule)
        else:
            state = Stage(
                name=stage,
                done=0,
                misses=0,
                least=math.inf,
                best=None,
                optimiser=None,
                schedule=None,
            )
        with tqdm(total=epochs, initial=state["done"], desc=stage, mininterval=5) as progress:
            while state["done"] < epochs and state["misses"] < patience:
                training, validation, *more = epoch()
                if schedule is not None:
                    schedule.step()
                if math.isnan(validation):
                    validation = training
                self._losses.append((stage, state["done"], training, validation, *more))
                state["done"] += 1
                state["misses"] += 1
                if validation < state["least"] or state["best"] is None:
                    state["best"] = copy.deepcopy(part.state_dict())
                    state["misses"], state["least"] = 0, validation
                progress.update()
                if self._file.is_due:
                    state["optimiser"] = None if optimiser is None else optimiser.state_dict()
                    state["schedule"] = None if schedule is None else schedule.state_dict()
                    self._save(state)
        if state["best"] is not None and not keep_last:
            part.load_state_dict(state["best"])
        self._finished.append(stage)
        self._stage = None
        if self._file.is_due:
            self._save(None)

    def _resume(
        self,
        state: Stage,
        stage: str,
        part: nn.Module,
        optimiser: Stateful | None,
        schedule: Schedule | None,
    ) -> Stage:
        """Restore optimiser and schedule from the stage of the checkpoint, and return that.

        Raises
        ------
        LacunaError
            If the checkpoint is not of this stage.
        """
        try:
            if optimiser is not None:
                optimiser.load_state_dict(state["optimiser"] or {})  # {} raises a KeyError
            if schedule is not None:
                if (state["schedule"] or {}).keys() != schedule.state_dict().keys():
                    raise ValueError("another schedule's state, or none")  # it would take any
                schedule.load_state_dict(state["schedule"] or {})
            best = state["best"]
            is_right = state["name"] == stage and (best is None or fits(best, part))
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
            is_right = False
        if not is_right:
            raise LacunaError(
                f"{self._file.path}: does not fit the stage {stage!r} of this training. "
                "Delete it and run again; the training starts anew."
            )
        return state

    def once(self, stage: str, change: Callable[[], None]) -> None:
        """Change the network once between two stages, under a name of its own."""
        if stage not in self._finished:
            change()
            self._finished.append(stage)

    def _save(self, stage: Stage | None) -> None:
        self._file.save(
            {
                "network": self.network.state_dict(),
                "losses": self._losses,
                "finished": self._finished,
                "stage": stage,
            }
        )

    def _is_usable(self, checkpoint: dict[str, Any]) -> bool:
        losses, finished = checkpoint.get("losses"), checkpoint.get("finished")
        stage = checkpoint.get("stage")
        return (
            fits(checkpoint.get("network"), self.network)
            and isinstance(losses, list)
            and all(isinstance(row, tuple) and len(row) == len(self._columns) for row in losses)
            and isinstance(finished, list)
            and (stage is None or _is_stage(stage))
        )


def _is_stage(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == STAGE
        and all(isinstance(value[name], int) for name in ("done", "misses"))
        and isinstance(value["least"], float)
    )


def batches(count: int, size: int) -> Iterator[torch.Tensor]:
    """Yield the numbers below `count` in a random order, so many at a time."""
    if count:  # of nothing, split would make one empty part
        yield from torch.randperm(count).split(size)


def descend(losses: Iterator[tuple[torch.Tensor, int]], optimiser: torch.optim.Optimizer) -> float:
    """Take a step for each loss (of so many rows); return their mean over rows."""
    total, rows = torch.zeros(()), 0
    for loss, count in losses:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total, rows = total + loss.detach() * count, rows + count
    optimiser.zero_grad(set_to_none=True)  # gradients take as much memory as the weights
    return float(total) / max(rows, 1)
