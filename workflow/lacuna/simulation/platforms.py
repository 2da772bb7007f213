"""Planted platforms: how an L1000 assay shows the true expression of the landmarks.

Each shows it in another way, so that no method of translation is judged only on its own model:

- affine: each gene has an offset and a gain of its own.
- monotone: each gene has a curve of its own, which saturates at both ends.
- mixing: each measured landmark is a mixture of two or three genes, as where probes bind the
  transcripts of some abundant genes, too; then an offset and a gain.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lacuna.errors import LacunaError, did_you_mean
from lacuna.simulation.parameters import PLATFORMS

LOWEST, HIGHEST = 0.0, 16.0  # log2; a scanner tells 2^16 intensities apart
CENTRE, REACH = 8.0, 3.0  # log2; the mean of a landmark lies within CENTRE +- REACH
HUB_SHARE = 0.025  # of the landmarks: their transcripts bind the probes of others
# Of what is measured under a landmark's name: its own expression. More than half, so that the
# mixture can be undone.
OWN_SHARE, HUB_OWN_SHARE = (0.5, 0.65), (0.75, 0.9)
PLATE_NOISE, WELL_NOISE = 0.25, 0.25  # log2; of a gene on a plate, and in a well


@dataclass(frozen=True)
class Platform:
    """An assay of landmarks.

    Attributes
    ----------
    kind : str
        One of `PLATFORMS`.
    mean : array of shape (landmarks,)
        The true log2 expression around which the assay is spread.
    centre, gain : arrays of shape (landmarks,)
        What is measured at the mean, and per unit around it.
    shift, width, reach : arrays of shape (landmarks,)
        Of the curve of a `monotone` gene: its middle above the mean, how fast it bends, and how
        far it goes from the centre at most; log2.
    mixing : sparse array of shape (landmarks, landmarks)
        Share of each gene (column) in each measured landmark (row).
    """

    kind: str
    mean: np.ndarray
    centre: np.ndarray
    gain: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    reach: np.ndarray
    mixing: sparse.csr_array

    def measure(self, expression: np.ndarray) -> np.ndarray:
        """Return what the assay shows without noise.

        Parameters
        ----------
        expression : array of shape (n, landmarks)
            True log2 expression.

        Returns
        -------
        array of shape (n, landmarks)
        """
        deviation = (self.mixing @ (expression - self.mean).T).T
        if self.kind == "monotone":
            return self.centre + self.reach * np.tanh((deviation - self.shift) / self.width)
        return self.centre + self.gain * deviation

    def read_out(
        self, expression: np.ndarray, plate: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return what is measured in wells: plates differ, and wells are noisy.

        Parameters
        ----------
        expression : array of shape (wells, landmarks)
            True log2 expression.
        plate : int array of shape (wells,)
            The number of each well's plate.
        rng
            The random stream of the noise.

        Returns
        -------
        float32 array of shape (wells, landmarks)
            Within `LOWEST` and `HIGHEST`, where the scanner saturates.
        """
        of_plate = rng.normal(0, PLATE_NOISE, (plate.max() + 1, len(self.mean)))
        noise = WELL_NOISE * rng.standard_t(5, expression.shape)
        measured = self.measure(expression) + of_plate[plate] + noise
        return np.clip(measured, LOWEST, HIGHEST).astype(np.float32)


def make_platform(kind: str, expression: np.ndarray, rng: np.random.Generator) -> Platform:
    """Draw an assay for this kind of samples.

    Parameters
    ----------
    kind
        One of `PLATFORMS`.
    expression : array of shape (n, landmarks)
        True log2 expression, for the mean and standard deviation of each landmark.
    rng
        The random stream of the platform.

    Raises
    ------
    LacunaError
        If there is no such kind.
    """
    if kind not in PLATFORMS:
        raise LacunaError(
            f"platform {kind!r}{did_you_mean(kind, PLATFORMS)}: expected one of "
            f"{', '.join(PLATFORMS)}."
        )
    mean, deviation = expression.mean(axis=0), expression.std(axis=0)
    landmarks = len(mean)
    # Highly expressed genes shine brighter, but each probe has a brightness of its own, too.
    brightness = (mean - mean.mean()) / mean.std() + rng.normal(0, 1, landmarks)
    return Platform(
        kind=kind,
        mean=mean,
        centre=CENTRE + REACH * np.tanh(brightness / 2),
        gain=rng.lognormal(np.log(0.8), 0.3, landmarks),
        shift=deviation * rng.normal(0, 0.7, landmarks),
        width=deviation * rng.uniform(0.4, 1.0, landmarks),
        reach=rng.uniform(1.0, 3.0, landmarks),
        mixing=_mixing(landmarks, rng) if kind == "mixing" else sparse.eye_array(landmarks).tocsr(),
    )


def _mixing(landmarks: int, rng: np.random.Generator) -> sparse.csr_array:
    """Return rows that sum to 1: a landmark's own share, and those of one or two hubs."""
    hubs = rng.choice(landmarks, max(3, round(HUB_SHARE * landmarks)), replace=False)
    own = rng.uniform(*OWN_SHARE, landmarks)
    own[hubs] = rng.uniform(*HUB_OWN_SHARE, len(hubs))
    of_first = np.where(rng.random(landmarks) < 0.5, 1.0, rng.uniform(0.3, 0.7, landmarks))
    place = rng.integers(len(hubs), size=landmarks)
    place[hubs] = np.arange(len(hubs))
    # Steps along the circle of hubs, so that no hub is mixed with itself.
    first, second = hubs[(place + 1) % len(hubs)], hubs[(place + 2) % len(hubs)]
    gene = np.arange(landmarks)
    shares = np.concatenate([own, (1 - own) * of_first, (1 - own) * (1 - of_first)])
    columns = np.concatenate([gene, first, second])
    mixing = sparse.csr_array((shares, (np.tile(gene, 3), columns)), (landmarks, landmarks))
    mixing.eliminate_zeros()
    return mixing
