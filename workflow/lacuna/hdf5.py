"""How Lacuna's own HDF5 files are laid out: one dataset per array, one group per table."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.files import whole

Content = dict[str, np.ndarray | pd.DataFrame]


def save(path: str | Path, content: Content) -> None:
    """Write named arrays and tables to one file, which appears whole or not at all."""
    with whole(path) as unfinished, h5py.File(unfinished, "w", track_order=True) as file:
        for name, value in content.items():
            if isinstance(value, pd.DataFrame):
                group = file.create_group(name, track_order=True)
                for column, series in value.items():
                    _put(group, column, series.to_numpy())
            else:
                _put(file, name, np.asarray(value))


def load(path: str | Path) -> Content:
    """Read a file that `save` wrote.

    Raises
    ------
    LacunaError
        If the file is missing or damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            return {
                name: pd.DataFrame({column: _get(item[column]) for column in item})
                if isinstance(item, h5py.Group)
                else _get(item)
                for name, item in file.items()
            }
    except (OSError, RuntimeError, KeyError) as error:
        raise LacunaError(
            f"{path}: cannot be read ({error}). It is missing or damaged; "
            "delete it and run again, the workflow makes it anew."
        ) from error


def _put(group: h5py.Group, name: str, values: np.ndarray) -> None:
    if values.dtype.kind in "OU":
        values = np.array(["" if pd.isna(value) else str(value) for value in values], dtype=object)
        group.create_dataset(name, data=values, dtype=h5py.string_dtype())
    else:
        group.create_dataset(name, data=values)


def _get(dataset: h5py.Dataset) -> np.ndarray:
    return dataset.asstr()[:] if h5py.check_string_dtype(dataset.dtype) else dataset[:]
