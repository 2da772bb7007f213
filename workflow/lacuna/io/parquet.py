"""Tables in Apache Parquet."""

from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.atomic import unreadable

MAGIC = b"PAR1"


def is_parquet(path: str | Path) -> bool:
    """Return whether a file begins as Parquet does.

    Raises
    ------
    LacunaError
        If it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise unreadable(path, error) from error


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Read a table.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, or pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise LacunaError(
            f"{path}: is Parquet, which is read with pyarrow, and that is not there ({error}). "
            "Install it: pip install pyarrow."
        ) from error
    try:
        return pyarrow.parquet.read_table(path).to_pandas()
    except Exception as error:  # pyarrow has errors of its own
        raise unreadable(path, error, " as Parquet") from error
