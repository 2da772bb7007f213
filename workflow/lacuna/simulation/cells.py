"""Counts of single cells: lines that differ, cells that cycle, plates, drugs, and noise of counts.

The counts of a gene in a cell are negative binomial about

    mean = library rate[line] exp(cycle + plate) 2^(change if the cell responds)

so that zeros are those of low counts. All factors but the drug's have mean 1 over vehicle cells:
their counts are expected to be library times rate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import i0

from lacuna.runtime import seeds

LIBRARY, LIBRARY_SPREAD = 2500.0, 0.4  # counts: median, and standard deviation of the logarithm
DISPERSION, DISPERSION_SPREAD = 0.25, 0.5  # median, and standard deviation of the logarithm
LEVEL_SLOPE, LEVEL_NOISE = 0.25, 0.7  # of log2 counts by log2 expression of bulk
CYCLING_SHARE, CYCLING = 0.12, 0.6  # of the genes; natural log, standard deviation between them
PLATE_SPREAD = 0.07  # natural log; standard deviation of a gene between plates
GAIN_SPREAD = 0.2  # natural log; of changes in cells by changes in bulk, between genes
CELLS_AT_ONCE = 1024


@dataclass(frozen=True)
class CellModel:
    """What counts are expected of a cell.

    Attributes
    ----------
    rate : array of shape (lines, genes)
        Share of each gene in the counts of a vehicle cell; rows sum to about 1.
    dispersion : array of shape (genes,)
        variance = mean + dispersion mean^2.
    cycle : array of shape (2, genes)
        Natural log by the cosine and the sine of the phase.
    plates : array of shape (plates, genes)
        Natural log.
    change : float32 array of shape (lines, products, doses, genes)
        Log2 change in responding cells.
    library : float
        Median counts of a cell.
    """

    rate: np.ndarray
    dispersion: np.ndarray
    cycle: np.ndarray
    plates: np.ndarray
    change: np.ndarray
    library: float

    def measure(self, cells: pd.DataFrame, seed: int) -> Iterator[sparse.csr_matrix]:
        """Draw the counts of cells, some cells at a time.

        Parameters
        ----------
        cells : DataFrame
            line, product, dose (numbers; -1 of vehicle), plate, responds, phase, size.
        seed
            The run's seed.

        Yields
        ------
        float32 CSR matrix of shape (n, genes)
        """
        shape = 1 / self.dispersion
        for first in range(0, len(cells), CELLS_AT_ONCE):
            block = cells.iloc[first : first + CELLS_AT_ONCE]
            rng = seeds.generator(seed, "single_cell", "counts", first // CELLS_AT_ONCE)
            mean = self.expect(block)
            noise = rng.standard_gamma(shape, mean.shape) * self.dispersion
            yield sparse.csr_matrix(rng.poisson(mean * noise).astype(np.float32))

    def expect(self, cells: pd.DataFrame) -> np.ndarray:
        """Return the expected counts of cells, shape (cells, genes)."""
        line, product, dose, plate = (
            cells[column].to_numpy() for column in ("line", "product", "dose", "plate")
        )
        phase = cells["phase"].to_numpy()
        swing = i0(np.hypot(*self.cycle))  # mean over phases
        log = np.stack([np.cos(phase), np.sin(phase)], axis=1) @ self.cycle + self.plates[plate]
        responds = np.flatnonzero(cells["responds"])
        log[responds] += np.log(2) * self.change[line[responds], product[responds], dose[responds]]
        rate = self.rate / swing
        return cells["size"].to_numpy()[:, None] * rate[line] * np.exp(log)


def draw_model(
    baseline: np.ndarray, change: np.ndarray, plates: int, rng: np.random.Generator, library: float
) -> CellModel:
    """Draw how genes show in single cells.

    Parameters
    ----------
    baseline : array of shape (lines, genes)
        Log2 expression without treatment, as bulk shows it.
    change : array of shape (lines, products, doses, genes)
        Log2 change in responding cells, as bulk would show it: cells have a gain of each gene.
    plates
        How many.
    rng
        The random stream of the cells.
    library
        Median counts of a cell.
    """
    genes = baseline.shape[1]
    mean = baseline.mean(axis=0)
    level = LEVEL_SLOPE * mean + rng.normal(0, LEVEL_NOISE, genes)
    rate = 2.0 ** (level + baseline - mean)
    cycles = rng.random(genes) < CYCLING_SHARE
    cycle = rng.normal(0, CYCLING, (2, genes)) * cycles
    on_plate = rng.normal(0, PLATE_SPREAD, (plates, genes))
    on_plate -= np.log(np.exp(on_plate).mean(axis=0))
    gain = rng.lognormal(0, GAIN_SPREAD, genes)
    return CellModel(
        rate=rate / rate.sum(axis=1).mean(),
        dispersion=DISPERSION * np.exp(rng.normal(0, DISPERSION_SPREAD, genes)),
        cycle=cycle,
        plates=on_plate,
        change=(gain * change).astype(np.float32),
        library=library,
    )


def lay_out_cells(
    products: pd.DataFrame,
    responders: np.ndarray,
    shape: tuple[int, int, int],
    vehicle: np.ndarray,
    plates: int,
    confounded: float,
    rng: np.random.Generator,
    library: float,
) -> pd.DataFrame:
    """Draw cells of every line, product and dose, and vehicle cells, in any order.

    Parameters
    ----------
    products : DataFrame
        plate, on which most cells of a product are.
    responders : array of shape (products,)
        Share of the cells that respond to a product.
    shape
        Number of lines, of doses, and of cells in a condition.
    vehicle : int array of shape (lines,)
        Number of vehicle cells; these are on all plates.
    plates
        How many.
    confounded
        Share of the cells of a product that are on its own plate; the others are on any.
    rng
        The random stream of the layout.
    library
        Median counts of a cell.

    Returns
    -------
    DataFrame, a row per cell
        line, product and dose (numbers; -1 of vehicle), plate, replicate, responds, phase (of the
        cell cycle, radians), size (expected counts of a cell that is like the mean vehicle cell).
    """
    lines, doses, each = shape
    grid = np.indices((lines, len(products), doses)).reshape(3, -1)
    treated = np.repeat(grid, each, axis=1)
    # One condition has too few cells to be judged: a low dose of a drug.
    few = (rng.integers(lines), rng.integers(len(products)), 0)
    place = np.flatnonzero((treated == np.array(few)[:, None]).all(axis=0))
    treated = np.delete(treated, place[3:], axis=1)
    control = np.full((3, vehicle.sum()), -1)
    control[0] = np.repeat(np.arange(lines), vehicle)
    line, product, dose = np.hstack([treated, control])[
        :, rng.permutation(treated.shape[1] + control.shape[1])
    ]
    number = len(line)
    plate = rng.integers(plates, size=number)
    own = (product >= 0) & (rng.random(number) < confounded)
    plate[own] = products["plate"].to_numpy()[product[own]]
    return pd.DataFrame(
        {
            "line": line,
            "product": product,
            "dose": dose,
            "plate": plate,
            "replicate": rng.integers(2, size=number),
            "responds": (product >= 0) & (rng.random(number) < np.append(responders, 0)[product]),
            "phase": rng.uniform(0, 2 * np.pi, number),
            "size": library * rng.lognormal(0, LIBRARY_SPREAD, number),
        }
    )
