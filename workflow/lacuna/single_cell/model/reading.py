"""Batches of examples: from the device where they fit in there, else from where they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from lacuna.errors import LacunaError
from lacuna.runtime.device import Device
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.observations import AT_ONCE, Which, batches

# What a matrix may take before it stays where it is. It is no share of the memory that is free:
# the order of batches, and so the weights, would depend on what else the machine does.
HELD_BYTES = 2**31


@dataclass(frozen=True)
class Batch:
    """Some examples on the device.

    Attributes
    ----------
    which : int64 tensor of shape (b,), on the processor
        Their numbers.
    rows : float32 tensor of shape (b, genes)
    counts : float32 tensor of shape (b, genes), or None
    """

    which: torch.Tensor
    rows: torch.Tensor
    counts: torch.Tensor | None


def cuts(count: int, size: int) -> list[int]:
    """Return sizes of batches; a last one of one row joins the one before.

    BatchNorm cannot learn from a single row.
    """
    sizes = [min(size, count - first) for first in range(0, count, size)]
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [sizes[-2] + 1]
    return sizes


class Rows:
    """Examples in batches, drawn anew for each epoch.

    Parameters
    ----------
    examples
        All of them.
    device
        Where batches are wanted.
    counted
        Whether counts are wanted, too.

    Raises
    ------
    LacunaError
        If values are not finite, or counts are wanted and not known.
    """

    def __init__(self, examples: Examples, device: Device, counted: bool) -> None:
        if counted and not examples.observations.has_counts:
            raise LacunaError(
                "single_cell: models: likelihood is negative_binomial, but these observations have "
                "no counts. Declare the layer of counts (scale: counts), or take gaussian."
            )
        self._examples, self._device, self._counted = examples, device.name, counted
        matrices = 2 if counted else 1
        size = len(examples) * len(examples.genes) * 4 * matrices
        free = device.free_bytes() if device.name == "cuda" else 2 * HELD_BYTES
        self._held = self._read() if 2 * size <= free else None

    @property
    def is_held(self) -> bool:
        """Whether all rows are on the device."""
        return self._held is not None

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield all examples in a random order, so many at a time."""
        if self._held is None:
            yield from self._streamed(size)
            return
        rows, counts = self._held
        for which in torch.randperm(len(rows)).split(cuts(len(rows), size)):
            at = which.to(self._device)
            yield Batch(which, rows[at], None if counts is None else counts[at])

    def steps(self, size: int) -> int:
        """Return how many batches an epoch has."""
        return len(cuts(len(self._examples), size))

    def _read(self) -> tuple[torch.Tensor, torch.Tensor | None]:
        examples, shape = self._examples, (len(self._examples), len(self._examples.genes))
        rows = torch.empty(shape, device=self._device)
        counts = torch.empty(shape, device=self._device) if self._counted else None
        for first in range(0, len(examples), AT_ONCE):
            at = slice(first, first + AT_ONCE)
            which = np.arange(len(examples))[at]
            rows[at] = self._put(_finite(examples, examples.rows(which), which))
            if counts is not None:
                counts[at] = self._put(examples.counts(which))
        return rows, counts

    def _streamed(self, size: int) -> Iterator[Batch]:
        """Yield batches as the observations give them; a last one of one row joins the one before.

        One stream of numbers decides the order, so that counts come in that of rows.
        """
        examples, seed = self._examples, int(torch.randint(2**62, ()))
        order = np.argsort(examples.positions)
        rising = examples.positions[order]

        def stream(which: Which) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            rng = np.random.default_rng(seed)
            positions, genes = examples.positions, examples.genes
            return batches(examples.observations, positions, size, rng, genes=genes, which=which)

        counted = stream("counts") if self._counted else None
        held: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = []
        for position, rows in stream("rows"):
            number = order[np.searchsorted(rising, position)]
            counts = None if counted is None else next(counted)[1]
            held.append((number, _finite(examples, rows, number), counts))
            if len(held) > 1 and len(number) > 1:
                yield self._together(held[:1])
                held = held[1:]
        yield self._together(held)

    def _together(self, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]]) -> Batch:
        number, rows, counts = zip(*parts, strict=True)
        return Batch(
            torch.from_numpy(np.concatenate(number)),
            self._put(np.concatenate(rows)),
            self._put(np.concatenate(counts)) if self._counted else None,
        )

    def _put(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self._device)


def _finite(examples: Examples, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    if np.isfinite(rows.sum(dtype=np.float64)):
        return rows
    bad = which[~np.isfinite(rows).all(axis=1)][0]
    name = examples.observations.obs.index[examples.positions[bad]]
    raise LacunaError(
        f"single_cell: the expression of observation {name!r} is missing or infinite in some gene, "
        "expected numbers. Leave the observation out."
    )
