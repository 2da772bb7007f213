"""The whole tensor as one array, its unfoldings, and what methods that complete it have in common.

Arrays are (drugs, cells, components): genes last, so that a profile lies in one piece.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TypeVar

import numpy as np

from lacuna.completion.interface import Completion, Predict
from lacuna.errors import LacunaError
from lacuna.runtime.device import Array, Device, find_device
from lacuna.tensor.profiles import ProfileSet

Step = TypeVar("Step")
DRUG, GENE, CELL = range(3)
BLOCK_BYTES = 2**24  # of a tensor that work entry by entry takes at once: fits a cache


@dataclass(frozen=True)
class ObservedTensor:
    """The observed part of a tensor (drugs, cells, components), and what the rest starts from.

    Attributes
    ----------
    drug, cell : int arrays of shape (n,)
    profiles : float32 array of shape (n, components)
    fill : float32 array of shape (components,)
        What unknown profiles start from.
    shape : (drugs, genes, cells), with genes as measured
    device : Device
        Where to compute.
    basis : float32 array of shape (genes, components), or None
        What the components are; None where they are the genes.
    """

    drug: np.ndarray
    cell: np.ndarray
    profiles: np.ndarray
    fill: np.ndarray
    shape: tuple[int, int, int]
    device: Device
    basis: np.ndarray | None = None

    @classmethod
    def from_profiles(
        cls, observed: ProfileSet, device: Device, basis: np.ndarray | None = None
    ) -> "ObservedTensor":
        """Take profiles as they are, or in a basis (genes, components)."""
        genes = len(observed.genes)
        profiles = observed.profiles
        fill = np.full(genes, profiles.mean(dtype=np.float64), np.float32)
        if basis is not None:
            profiles, fill = profiles @ basis, fill @ basis
        shape = (len(observed.drugs), genes, len(observed.cells))
        return cls(observed.drug, observed.cell, profiles, fill, shape, device, basis)

    @classmethod
    def in_span(cls, observed: ProfileSet, device: Device) -> "ObservedTensor":
        """Take profiles in a basis of all of them and the constant, if that has fewer components.

        This is exact for a method that does not change where genes are rotated.
        """
        genes = len(observed.genes)
        if len(observed) + 1 >= genes:
            return cls.from_profiles(observed, device)
        spanning = np.vstack([np.ones(genes), observed.profiles]).T
        return cls.from_profiles(observed, device, np.linalg.qr(spanning)[0].astype(np.float32))

    @classmethod
    def from_zeros(cls, observed: ProfileSet, device: Device) -> "ObservedTensor":
        """Take profiles as they are; unknown ones start from 0."""
        tensor = cls.from_profiles(observed, device)
        return replace(tensor, fill=np.zeros_like(tensor.fill))

    def fill_in(self) -> Array:
        """Return the tensor, its unknown profiles as they start."""
        drugs, _, cells = self.shape
        tensor = np.empty((drugs, cells, self.profiles.shape[1]), dtype=np.float32)
        tensor[:] = self.fill
        tensor[self.drug, self.cell] = self.profiles
        return self.device.put(tensor)

    def unknown_mask(self) -> Array:
        """Return 1 at unknown profiles and 0 at observed ones, shape (drugs, cells, 1)."""
        drugs, _, cells = self.shape
        unknown = np.ones((drugs, cells, 1), dtype=np.float32)
        unknown[self.drug, self.cell] = 0
        return self.device.put(unknown)

    def predictions(self, tensor: Array, observed: ProfileSet, wanted: np.ndarray) -> Completion:
        """Return the wanted (drug, cell) pairs of a completed tensor.

        A drug or a cell without any profile says nothing to a low rank. There the cell's mean
        stands instead, or the drug's where it is the cell that has none, and is a fallback.
        """
        profiles = self.device.get(tensor[wanted[:, 0], wanted[:, 1]])
        profiles = profiles if self.basis is None else profiles @ self.basis.T
        return Completion(*replace_cold_starts(observed, profiles, wanted))


def replace_cold_starts(
    observed: ProfileSet, profiles: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Put means where the drug or the cell of a wanted pair has no training profile.

    Parameters
    ----------
    observed
        The training profiles.
    profiles : float32 array of shape (wanted, genes)
        Predictions, overwritten where means stand: the cell's, the drug's where the cell has none,
        that of all profiles where neither has one.
    wanted : int array of shape (wanted, 2)

    Returns
    -------
    profiles
        The array that was given.
    fallback : bool array of shape (wanted,)
    """
    new_drug = ~np.isin(wanted[:, 0], observed.drug)
    new_cell = ~np.isin(wanted[:, 1], observed.cell)
    for axis, known, rows in (
        (1, observed.cell, np.flatnonzero(new_drug & ~new_cell)),
        (0, observed.drug, np.flatnonzero(new_cell & ~new_drug)),
    ):
        for index in np.unique(wanted[rows, axis]):
            mean = observed.profiles[known == index].mean(axis=0, dtype=np.float64)
            profiles[rows[wanted[rows, axis] == index]] = mean
    profiles[new_drug & new_cell] = observed.profiles.mean(axis=0, dtype=np.float64)
    return profiles, new_drug | new_cell


def inner_products(one: Array, other: Array, mode: int, xp: ModuleType) -> Array:
    """Return the products of two tensors' unfoldings, A B^T, in float64.

    Parameters
    ----------
    one, other : arrays of three axes
        Alike but for the axis of the mode; the same array gives the products of its drugs, genes or
        cells.
    mode
        DRUG, GENE or CELL.
    """
    if mode == CELL:
        products = sum((one[rows] @ other[rows].mT).sum(0) for rows in blocks(one))
        return xp.asarray(products, dtype=xp.float64)
    left = _unfold(one, mode)
    right = left if other is one else _unfold(other, mode)
    if left.shape[0] > left.shape[1]:
        # Some singular values are 0: rounding errors must not look like others.
        left = xp.asarray(left, dtype=xp.float64)
        right = left if other is one else xp.asarray(right, dtype=xp.float64)
    return xp.asarray(left @ right.T, dtype=xp.float64)


def multiply(matrix: Array, tensor: Array, mode: int) -> Array:
    """Return the tensor whose unfolding is that of `tensor`, multiplied by a matrix from the left.

    Parameters
    ----------
    matrix : array of shape (new, old)
        `old` is the tensor's size along the mode.
    tensor : array of three axes
    mode
        DRUG, GENE or CELL.
    """
    if mode == CELL:
        return matrix @ tensor
    if mode == GENE:
        flat = tensor.reshape(-1, tensor.shape[2]) @ matrix.T
        return flat.reshape(*tensor.shape[:2], matrix.shape[0])
    flat = matrix @ tensor.reshape(tensor.shape[0], -1)
    return flat.reshape(matrix.shape[0], *tensor.shape[1:])


def shrink(tensor: Array, mode: int, threshold: float, xp: ModuleType) -> Array:
    """Return the tensor with each singular value s of an unfolding at max(s - threshold, 0).

    Parameters
    ----------
    tensor : float32 array of shape (drugs, cells, components)
    mode
        DRUG, GENE or CELL.
    threshold
        At least 0.
    """
    squares, vectors = xp.linalg.eigh(inner_products(tensor, tensor, mode, xp))
    values = squares.clip(min=0) ** 0.5
    kept = values > threshold
    vectors, values = vectors[:, kept], values[kept]
    operator = (vectors * (1 - threshold / values)) @ vectors.T
    return multiply(xp.asarray(operator, dtype=tensor.dtype), tensor, mode)


def leading_vectors(tensor: Array, mode: int, count: int, xp: ModuleType) -> Array:
    """Return the left singular vectors of an unfolding's largest values, shape (size, count)."""
    _, vectors = xp.linalg.eigh(inner_products(tensor, tensor, mode, xp))
    return xp.asarray(vectors[:, vectors.shape[1] - count :], dtype=tensor.dtype)


def last_of(steps: Iterable[Step]) -> Step:
    """Return the last step of an algorithm, and keep no other one."""
    (last,) = deque(steps, maxlen=1)
    return last


def blocks(tensor: Array) -> Iterator[slice]:
    """Return blocks of drugs that fit a processor's cache, for work entry by entry."""
    drugs, cells, components = tensor.shape
    step = max(1, BLOCK_BYTES // (4 * cells * components))
    return (slice(start, start + step) for start in range(0, drugs, step))


def square(array: Array) -> float:
    """Return the sum of squares."""
    return float((array * array).sum())


def distance(one: Array, other: Array) -> float:
    """Return the Frobenius norm of the difference of two tensors."""
    return sum(square(one[rows] - other[rows]) for rows in blocks(one)) ** 0.5


def zeros_and_mask(name: str, observed: ProfileSet, grids: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the tensor in float64, 0 where unknown, and 1 where it is known, 0 elsewhere.

    Both have the shape (drugs, cells, genes), as TensorLy takes them.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor so often, in float32.
    """
    cpu = find_device("cpu")
    require_memory(name, observed, grids, cpu)
    tensor = ObservedTensor.from_zeros(observed, cpu)
    known = 1 - np.asarray(tensor.unknown_mask(), np.float64)
    return np.asarray(tensor.fill_in(), np.float64), known


def predict_zeros(observed: ProfileSet) -> Predict:
    """Return what predicts profiles of zeros, for decompositions that divide by the tensor's norm.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.
    """

    def predict(pairs: np.ndarray) -> Completion:
        zeros = np.zeros((len(pairs), len(observed.genes)), np.float32)
        return Completion(*replace_cold_starts(observed, zeros, pairs))

    return predict


def require_memory(method: str, observed: ProfileSet, grids: int, device: Device) -> None:
    """Refuse a tensor that memory cannot hold so often in float32, before any array is made.

    Raises
    ------
    LacunaError
        Naming the need, what is free, and what to do.
    """
    drugs, genes, cells = (len(axis) for axis in (observed.drugs, observed.genes, observed.cells))
    # Beside them, the products of drugs and of genes with their eigenvectors, in float64.
    need = 4 * grids * drugs * cells * genes + 8 * 8 * (drugs**2 + genes**2)
    refuse_above_memory(method, (drugs, genes, cells), need + 8 * BLOCK_BYTES, device, "genes")


def refuse_above_memory(
    method: str, shape: tuple[int, int, int], need: int, device: Device, what: str, advice: str = ""
) -> None:
    """Refuse a tensor (drugs, `what`, cells) that needs more memory than is free.

    Raises
    ------
    LacunaError
        Naming the need, what is free, and what to do, of which `advice` is the method's own.
    """
    free = device.free_bytes()
    if need <= free:
        return
    drugs, components, cells = shape
    raise LacunaError(
        f"{method}: a tensor of {drugs:,} drugs x {components:,} {what} x {cells:,} cells "
        f"needs {need / 2**30:.1f} GiB of memory ({device.name}), but {free / 2**30:.1f} GiB are "
        f"free. {advice}Run fewer jobs at once, take a machine with more memory, or use dnpp, "
        "which needs little."
    )


def _unfold(tensor: Array, mode: int) -> Array:
    """Return the unfolding of the drugs or of the genes, a view."""
    if mode == DRUG:
        return tensor.reshape(tensor.shape[0], -1)
    return tensor.reshape(-1, tensor.shape[2]).T
