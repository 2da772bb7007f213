"""How replicates stand on plates of 16 rows and 24 columns, and what rows and columns do."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from wells import join, plate

from lacuna.vectors import unit_rows

ROWS, COLUMNS = 16, 24


def in_rows(drugs: int) -> tuple[list[str], np.ndarray]:
    """Every row holds so many drugs, the wells of one next to each other."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    return _named(row * drugs + column * drugs // COLUMNS)


def in_turns() -> tuple[list[str], np.ndarray]:
    """Every row holds two drugs in turns, as F04, F06, ... and F05, F07, ..."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    kept = (column > 0) & (column < COLUMNS - 1)
    drugs, places = _named(row * 2 + column % 2)
    return list(np.array(drugs)[kept]), places[kept]


def in_columns() -> tuple[list[str], np.ndarray]:
    """Every column holds two drugs, one above the other."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    return _named(column * 2 + row * 2 // ROWS)


def in_blocks() -> tuple[list[str], np.ndarray]:
    """A drug has two wells in each of two rows, as where 96 wells are stamped four times."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    return _named(row // 2 * COLUMNS // 2 + column // 2)


def scattered(
    replicates: int = 10, filled: int = 330, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Wells of all drugs stand anywhere, and some places are empty."""
    places = np.random.default_rng(seed).permutation(ROWS * COLUMNS)[:filled]
    return [f"d{number // replicates}" for number in range(filled)], places


def _named(numbers: np.ndarray) -> tuple[list[str], np.ndarray]:
    return [f"d{number}" for number in numbers], np.arange(len(numbers))


LAYOUTS: dict[str, Callable[[], tuple[list[str], np.ndarray]]] = {
    "eight drugs a row": lambda: in_rows(8),
    "two drugs a row, in turns": in_turns,
    "two drugs a column": in_columns,
    "blocks of two by two": in_blocks,
    "scattered": scattered,
    "pairs, scattered": lambda: scattered(replicates=2),
}


def plates_of(layout: str, batches: int, plates: int = 1) -> pd.DataFrame:
    """Compound wells of some batches, each of plates that are laid out alike."""
    drugs, places = LAYOUTS[layout]()
    return join(
        *(
            plate(f"B{batch}_X{number}", drugs, vehicles=0, places=places)
            for batch in range(batches)
            for number in range(plates)
        )
    )


def directions_of(
    wells: pd.DataFrame, row: float, column: float, seed: int, genes: int = 60
) -> np.ndarray:
    """Directions without any drug's effect: noise, and what rows and columns do to their wells.

    Parameters
    ----------
    row, column
        The size of their effects, beside noise of 1: in two of four rows or columns of a plate; the
        others have a quarter of it.
    """
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(wells), genes))
    for name, size in (("row", row), ("column", column)):
        for (_, number), at in wells.groupby(["plate", name]).indices.items():
            values[at] += rng.normal(size=genes) * size * (1 if has_large_effect(number) else 0.25)
    return values.astype(np.float32)


def has_large_effect(number: int) -> bool:
    return number % 4 < 2


def activate(
    values: np.ndarray, wells: pd.DataFrame, drugs: list[str], size: float, seed: int
) -> np.ndarray:
    """Give drugs an effect of their own, the same in all their wells."""
    rng = np.random.default_rng(seed)
    for drug in drugs:
        at = wells["drug"].eq(drug).to_numpy()
        values[at] += (size * rng.normal(size=values.shape[1])).astype(np.float32)
    return values


def unit(values: np.ndarray) -> np.ndarray:
    return unit_rows(values.astype(np.float32))
