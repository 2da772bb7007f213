"""Training in epochs: early stopping, best weights, losses, and going on after a kill.

Everything that a training needs to go on stands in its checkpoint: weights, the optimiser's
moments, the state of the random stream, the epochs done. A training that was killed and started
again gives, on a processor, the same numbers as one that was not.
"""

import copy
import hashlib
import math
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.atomic import readable, whole

SECONDS_BETWEEN_CHECKPOINTS = 30
CHECKPOINT = "checkpoint.pt"
LOSSES = ["stage", "epoch", "training", "validation"]
STAGE = {"name", "done", "misses", "least", "best", "optimiser"}


def fingerprint(*arrays: np.ndarray, **options: object) -> str:
    """Return a digest of what a training starts from: another one must not go on from its file."""
    digest = hashlib.sha256(repr(sorted(options.items())).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@contextmanager
def random_stream(rng: np.random.Generator) -> Iterator[None]:
    """Let PyTorch draw from a stream that `rng` seeds, and leave its own as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**63)))
        yield


def read_saved(path: str | Path) -> dict[str, object]:
    """Read what `torch.save` wrote of a dictionary; nothing in it is executed.

    Raises
    ------
    DamagedFile
        If the file is damaged, or is no such file.
    LacunaError
        If the file is missing.
    """
    with readable(path):
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


class Training:
    """One training of one network, in named stages; see `run`.

    Attributes
    ----------
    network : Module
        Whatever is trained, on its device.
    losses : DataFrame with columns stage, epoch, training, validation
        One row per epoch done.
    """

    def __init__(self, network: nn.Module, work: Path | None, start: str) -> None:
        """Go on from the checkpoint in the folder `work`, if it is of the training `start`.

        Parameters
        ----------
        network
            As it is at the start.
        work
            The folder of the checkpoint; None for none.
        start
            See `fingerprint`.
        """
        self.network = network
        self._path = None if work is None else Path(work) / CHECKPOINT
        self._start, self._saved_at = start, time.monotonic()
        self._losses: list[tuple[str, int, float, float]] = []
        self._finished: list[str] = []
        self._stage: dict[str, object] | None = None
        found = self._read()
        if found:
            network.load_state_dict(found["network"])
            torch.set_rng_state(found["random"])
            self._losses, self._finished = found["losses"], found["finished"]
            self._stage = found["stage"]

    @property
    def losses(self) -> pd.DataFrame:
        return pd.DataFrame(self._losses, columns=LOSSES)

    def run(
        self,
        stage: str,
        epoch: Callable[[], tuple[float, float]],
        *,
        epochs: int,
        patience: int,
        part: nn.Module | None = None,
        optimiser: torch.optim.Optimizer | None = None,
    ) -> None:
        """Run epochs until the validation loss no longer falls; leave the best weights.

        A stage that the checkpoint says is finished does nothing.

        Parameters
        ----------
        stage
            Its name, not used before in this training.
        epoch
            Trains for an epoch and returns the training loss and the validation loss; NaN, where
            there is nothing to validate on, stands for the training loss.
        epochs
            At most so many.
        patience
            Stop after so many epochs in a row without a lower validation loss.
        part
            What the stage changes, and whose best weights are kept; None for the whole network.
        optimiser
            Whose moments carry over from one epoch to the next, if any.
        """
        if stage in self._finished:
            return
        part = self.network if part is None else part
        at = self._stage or {"name": stage, "done": 0, "misses": 0, "least": math.inf, "best": None}
        if self._stage:
            self._take_up(stage, part, optimiser)
        with tqdm(total=epochs, initial=at["done"], desc=stage, mininterval=5) as progress:
            while at["done"] < epochs and at["misses"] < patience:
                training, validation = epoch()
                if math.isnan(validation):
                    validation = training
                self._losses.append((stage, at["done"], training, validation))
                at["done"] += 1
                at["misses"] += 1
                if validation < at["least"] or at["best"] is None:
                    best = copy.deepcopy(part.state_dict())
                    at.update(misses=0, least=validation, best=best)
                progress.update()
                if time.monotonic() - self._saved_at > SECONDS_BETWEEN_CHECKPOINTS:
                    moments = None if optimiser is None else optimiser.state_dict()
                    self._save({**at, "optimiser": moments})
        if at["best"] is not None:
            part.load_state_dict(at["best"])
        self._finished.append(stage)
        self._stage = None
        if time.monotonic() - self._saved_at > SECONDS_BETWEEN_CHECKPOINTS:
            self._save(None)

    def _take_up(
        self, stage: str, part: nn.Module, optimiser: torch.optim.Optimizer | None
    ) -> None:
        """Take over the optimiser's moments of the checkpoint.

        Raises
        ------
        LacunaError
            If the checkpoint is not of this stage.
        """
        try:
            if optimiser is not None:
                optimiser.load_state_dict(self._stage["optimiser"])
            best = self._stage["best"]
            right = self._stage["name"] == stage and (best is None or fits(best, part))
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
            right = False
        if not right:
            raise LacunaError(
                f"{self._path}: does not fit the stage {stage!r} of this training. "
                "Delete it and run again; the training starts anew."
            )

    def once(self, stage: str, change: Callable[[], None]) -> None:
        """Change the network once between two stages, under a name of its own."""
        if stage not in self._finished:
            change()
            self._finished.append(stage)

    def _save(self, stage: dict[str, object] | None) -> None:
        self._saved_at = time.monotonic()
        if self._path is None:
            return
        with whole(self._path) as unfinished:
            torch.save(
                {
                    "start": self._start,
                    "network": self.network.state_dict(),
                    "random": torch.get_rng_state(),
                    "losses": self._losses,
                    "finished": self._finished,
                    "stage": stage,
                },
                unfinished,
            )

    def _read(self) -> dict[str, object] | None:
        if self._path is None or not self._path.exists():
            return None
        try:
            found = read_saved(self._path)
        except LacunaError as error:
            print(f"The training starts anew: {error}")
            return None
        return found if found.get("start") == self._start and self._usable(found) else None

    def _usable(self, found: dict[str, object]) -> bool:
        losses, finished, stage = (found.get(name) for name in ("losses", "finished", "stage"))
        try:
            torch.Generator().set_state(found.get("random"))
        except (TypeError, RuntimeError):
            return False
        return (
            fits(found.get("network"), self.network)
            and isinstance(losses, list)
            and all(isinstance(row, tuple) and len(row) == len(LOSSES) for row in losses)
            and isinstance(finished, list)
            and (stage is None or (isinstance(stage, dict) and stage.keys() == STAGE))
            and (stage is None or all(isinstance(stage[n], int) for n in ("done", "misses")))
            and (stage is None or isinstance(stage["least"], float))
        )


def batches(count: int, size: int) -> Iterator[torch.Tensor]:
    """Yield the numbers below `count` in a random order, so many at a time."""
    yield from torch.randperm(count).split(size)


def descend(losses: Iterator[tuple[torch.Tensor, int]], optimiser: torch.optim.Optimizer) -> float:
    """Take a step for each loss (of so many rows); return their mean over rows."""
    total, rows = 0.0, 0
    for loss, count in losses:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total, rows = total + loss.detach() * count, rows + count
    return float(total) / max(rows, 1)
