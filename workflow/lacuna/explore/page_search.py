"""All profiles in short, so that a browser can hold and score them at once.

Predictions of most methods lie close to few directions. A profile is kept as components of these
where that leaves out little of it; all others, as most measured profiles are, gene by gene in 8
bits. What a profile lacks in short is kept, too: the page scores exactly all those that may be
among the best.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from lacuna.completion.completed import PREDICTED
from lacuna.vectors import slices

AT_ONCE = 4096  # profiles of a block
LACKS_AT_MOST = 0.015  # the length of what a profile (of length 1) may lack: r = 0.9999
STEP = 2.0**-11  # components are kept as multiples of it
NUMBERS_OF_COMPONENTS = (0, 16, 32, 64, 96, 128, 192, 256)  # that are tried
LEVELS = 127  # of values in 8 bits, each way


class Units(Protocol):
    """What has unit profiles, gene by gene, as `lacuna.explore.index.Index`."""

    @property
    def units(self) -> np.ndarray: ...
    @property
    def profiles(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Short:
    """All profiles in short.

    Attributes
    ----------
    basis : float32 array of shape (genes, components)
        Directions at right angles.
    is_whole : bool array of shape (profiles,)
        Which profiles are kept gene by gene.
    components : int16 array of shape (components, other profiles)
        In multiples of `STEP`.
    genes : int8 array of shape (genes, whole profiles)
    scale : float32 array of shape (whole profiles,)
        What their values are multiplied by.
    profile_error : float32 array of shape (profiles,)
        The length of what each profile lacks.
    gene_error : float32 array of shape (genes,)
        The most that any profile lacks in each gene.
    """

    basis: np.ndarray
    is_whole: np.ndarray
    components: np.ndarray
    genes: np.ndarray
    scale: np.ndarray
    profile_error: np.ndarray
    gene_error: np.ndarray


def shorten(index: Units) -> Short:
    """Keep all profiles in short.

    Parameters
    ----------
    index
        Unit profiles; they are read block by block, four times.
    """
    directions = principal_directions(index, max(NUMBERS_OF_COMPONENTS))
    parts = np.concatenate(
        [block.T @ directions for _, block in _blocks(index)]
    )  # (profiles, most components)
    length = np.concatenate([np.square(block).sum(axis=0) for _, block in _blocks(index)])
    lacking = length[:, None] - np.cumsum(np.square(parts, dtype=np.float32), axis=1)
    count = choose_number(lacking, len(directions))
    basis = directions[:, :count].astype(np.float32)
    lacks = lacking[:, count - 1] if count else length
    is_whole = lacks > LACKS_AT_MOST**2 if count else np.ones(len(length), bool)
    components = np.rint(parts[~is_whole, :count] / STEP).astype(np.int16)
    return _with_errors(index, basis, is_whole, np.ascontiguousarray(components.T))


def principal_directions(index: Units, most: int) -> np.ndarray:
    """Return the directions in which predicted profiles are longest: principal components about 0.

    Measured ones would turn them: their noise lies in all directions.

    Returns
    -------
    float32 array of shape (genes, at most `most`)
        The longest first; of each, the largest entry is positive.
    """
    genes = index.units.shape[0]
    predicted = (index.profiles["source"] == PREDICTED).to_numpy()
    moment = np.zeros((genes, genes))
    for rows, block in _blocks(index):
        part = block[:, predicted[rows]]
        moment += part @ part.T
    _, vectors = np.linalg.eigh(moment)
    directions = vectors[:, ::-1][:, : min(most, genes)]
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, np.arange(directions.shape[1])])
    return (directions * signs).astype(np.float32)


def choose_number(lacking: np.ndarray, genes: int) -> int:
    """Return the number of components with which all profiles take the fewest bytes.

    Parameters
    ----------
    lacking : array of shape (profiles, components)
        What each profile lacks with so many components and one, squared.
    genes
        The number of genes.
    """

    def size(count: int) -> int:
        short = (lacking[:, count - 1] <= LACKS_AT_MOST**2).sum() if count else 0
        return int(2 * count * short + genes * (len(lacking) - short) + 4 * genes * count)

    return min((n for n in NUMBERS_OF_COMPONENTS if n <= lacking.shape[1]), key=size)


def _with_errors(
    index: Units, basis: np.ndarray, is_whole: np.ndarray, components: np.ndarray
) -> Short:
    genes, profiles = index.units.shape
    whole = np.zeros((genes, int(is_whole.sum())), np.int8)
    scale = np.zeros(whole.shape[1], np.float32)
    profile_error = np.zeros(profiles, np.float32)
    gene_error = np.zeros(genes, np.float32)
    done = {True: 0, False: 0}
    for rows, block in _blocks(index):
        lacks = np.empty_like(block)
        for kind in done:
            chosen = is_whole[rows] == kind
            part = block[:, chosen]
            to = slice(done[kind], done[kind] + part.shape[1])
            if kind:
                scale[to] = np.abs(part).max(axis=0, initial=0) / LEVELS
                whole[:, to] = np.rint(part / np.where(scale[to] > 0, scale[to], 1))
                lacks[:, chosen] = part - whole[:, to] * scale[to]
            else:
                lacks[:, chosen] = part - basis @ (components[:, to] * np.float32(STEP))
            done[kind] = to.stop
        profile_error[rows] = np.linalg.norm(lacks, axis=0)
        np.maximum(gene_error, np.abs(lacks).max(axis=1, initial=0), out=gene_error)
    return Short(basis, is_whole, components, whole, scale, profile_error, gene_error)


def _blocks(index: Units) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield unit profiles block by block, float32 of shape (genes, n), and which they are."""
    for rows in slices(index.units.shape[1], AT_ONCE):
        yield rows, np.ascontiguousarray(index.units[:, rows], np.float32)
