"""What a network sees of a well: its control, itself, and what the drug changed.

After the authors' code of Finlayson et al. 2021 (https://doi.org/10.48550/arXiv.1911.10241), genes
are standardised by mean and standard deviation of treated and control wells that are trained on.
Their third block is the logarithm of a ratio of Level 3 values, which are logarithms already, and
explodes where one is near 0; here it is an option, and the difference stands in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lacuna.errors import LacunaError
from lacuna.retrieval.interface import State

BLOCKS = ("control", "treated", "difference", "log_ratio")
SMALL = 1e-6  # the authors' protection against a logarithm of 0


@dataclass(frozen=True)
class Features:
    """Blocks of features, and what they are standardised by; made by `fit`.

    Attributes
    ----------
    blocks : tuple of str
        Of `BLOCKS`, in the order of columns.
    centre, scale : arrays of shape (blocks, genes)
        Learnt on training wells.
    """

    blocks: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(
        cls, treated: np.ndarray, control: np.ndarray | None, blocks: Sequence[str]
    ) -> "Features":
        """Learn centre and scale on training wells.

        Parameters
        ----------
        treated : array of shape (n, genes)
            Log2 expression of treated wells, or signatures.
        control : array of shape (n, genes), or None
            What the controls of their plates say; None of signatures.
        blocks
            Which features, see `BLOCKS`.

        Raises
        ------
        LacunaError
            If a block needs controls and there are none.
        """
        if control is None and set(blocks) != {"treated"}:
            raise LacunaError(
                f"retrieval: features: {', '.join(blocks)} need vehicle wells, and signatures have "
                "none; expected [treated]."
            )
        centre, scale = [], []
        for block in blocks:
            if block == "log_ratio":  # as the authors use it
                centre.append(np.zeros(treated.shape[1]))
                scale.append(np.ones(treated.shape[1]))
                continue
            if block == "difference":
                values = [_difference(treated, control)]
            else:  # one scale for wells of both kinds
                values = [treated] if control is None else [treated, control]
            mean, spread = _moments(values)
            centre.append(mean)
            scale.append(np.where(spread > 0, spread, 1.0))
        return cls(tuple(blocks), np.stack(centre), np.stack(scale))

    def transform(self, treated: np.ndarray, control: np.ndarray | None) -> np.ndarray:
        """Return the features of wells, float32 of shape (n, blocks * genes)."""
        genes = treated.shape[1]
        made = np.empty((len(treated), len(self.blocks) * genes), np.float32)
        for number, block in enumerate(self.blocks):
            values = _values(block, treated, control)
            made[:, number * genes : (number + 1) * genes] = (
                values - self.centre[number]
            ) / self.scale[number]
        return made

    def columns(self, block: str) -> slice:
        """Return where a block stands among the columns.

        Raises
        ------
        LacunaError
            If it is not among the features.
        """
        if block not in self.blocks:
            raise LacunaError(
                f"retrieval: features: {block} is not among {', '.join(self.blocks)}."
            )
        genes = self.centre.shape[1]
        first = self.blocks.index(block) * genes
        return slice(first, first + genes)

    def state(self) -> State:
        """Return what `restore` needs."""
        return {
            "blocks": np.array([BLOCKS.index(block) for block in self.blocks]),
            "centre": self.centre,
            "scale": self.scale,
        }

    @classmethod
    def restore(cls, state: State) -> "Features":
        """Make features of their state."""
        blocks = tuple(BLOCKS[number] for number in state["blocks"])
        return cls(blocks, state["centre"], state["scale"])


def _values(block: str, treated: np.ndarray, control: np.ndarray | None) -> np.ndarray:
    if block == "treated":
        return treated
    if control is None:
        raise LacunaError(f"retrieval: features: {block} needs vehicle wells, and there are none.")
    if block == "control":
        return control
    if block == "difference":
        return _difference(treated, control)
    return log_ratio(treated, control)


def log_ratio(treated: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Return the authors' logarithm of a ratio of Level 3 values, which are logarithms already."""
    return np.log2((treated + SMALL) / (control + SMALL))


def _difference(treated: np.ndarray, control: np.ndarray | None) -> np.ndarray:
    assert control is not None
    return treated - control


def _moments(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over the rows of all parts."""
    rows = sum(len(part) for part in parts)
    mean = sum(part.sum(axis=0, dtype=np.float64) for part in parts) / rows
    squares = sum(((part - mean) ** 2).sum(axis=0, dtype=np.float64) for part in parts) / rows
    return mean, np.sqrt(squares)
