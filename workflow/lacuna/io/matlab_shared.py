"""What both versions of MATLAB files share: how faults are named, and which numbers are names."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lacuna.errors import LacunaError
from lacuna.io.atomic import UNREADABLE, unreadable

FLOATING = ("double", "single")
LARGEST = 2**53  # of whole numbers that a double holds


class WrongKind(Exception):
    """A variable is of another kind than is read; the message says of which."""


@contextmanager
def readable(path: Path, name: str = "") -> Iterator[None]:
    """Name the file and the variable in errors of the block.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the variable is of another kind, or memory is short.
    """
    where = f"{path}: variable {name}" if name else str(path)
    try:
        yield
    except WrongKind as error:
        raise LacunaError(f"{where}: {error}.") from error
    except (*UNREADABLE, zlib.error) as error:
        raise unreadable(where, error, " as a MATLAB file") from error


def whole_numbers(numbers: np.ndarray) -> list[str]:
    """Write ids, such as Entrez ids, without a decimal point.

    Raises
    ------
    WrongKind
        If one is no whole number.
    """
    wrong = ~(np.abs(numbers) <= LARGEST) | (numbers != np.round(numbers))
    if wrong.any():
        raise WrongKind(f"holds {numbers[wrong][0]}; expected names, or whole numbers")
    return [str(int(number)) for number in numbers]
