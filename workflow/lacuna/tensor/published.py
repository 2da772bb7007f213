"""This run's counts and cell specificities that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table
from lacuna.tensor.profiles import ProfileSet

# How the steps of `lacuna.tensor.build.build_tensor` begin, by the name that published numbers use.
STEPS = {
    "signatures": "signatures",
    "consistent": "ACD p-value",
    "covered": "at least",
    "averaged": "averaged",
}


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the counts of the filters and of the grid, and the cell specificity of drugs.

    Parameters
    ----------
    files
        By name, each may be missing: "filters", "large" and "small" (tensors), "specificity".

    Returns
    -------
    DataFrame with columns table, key, ours
    """
    tables = [
        *(numbers_of_filters(read_table(path)) for path in files.get("filters", ())),
        *(
            numbers_of_grid(size, ProfileSet.load(path))
            for size in ("large", "small")
            for path in files.get(size, ())
        ),
        *(numbers_of_specificity(read_table(path)) for path in files.get("specificity", ())),
    ]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_filters(filters: pd.DataFrame) -> pd.DataFrame:
    """Return the counts after each step; key: step/profiles, step/drugs, step/cells.

    Parameters
    ----------
    filters
        As `lacuna.tensor.build.build_tensor` returns them.
    """
    steps = {
        name: filters[filters["step"].str.startswith(begins)].iloc[0]
        for name, begins in STEPS.items()
    }
    counts = {
        f"{name}/{count}": step[count]
        for name, step in steps.items()
        for count in ("profiles", "drugs", "cells")
    }
    return pd.DataFrame({"table": "filters", "key": list(counts), "ours": list(counts.values())})


def numbers_of_grid(size: str, tensor: ProfileSet) -> pd.DataFrame:
    """Return the observed share of a tensor, and of the large one the profiles in each cell.

    Parameters
    ----------
    size
        "large" or "small".
    tensor
        All observed profiles.
    """
    share = pd.DataFrame({"table": "observed", "key": [size], "ours": [tensor.measured.mean()]})
    if size != "large":
        return share
    profiles = tensor.measured.sum(axis=0)
    cells = pd.DataFrame({"table": "cells", "key": tensor.cells, "ours": profiles})
    return pd.concat([share, cells])


def numbers_of_specificity(specificity: pd.DataFrame) -> pd.DataFrame:
    """Return the cell specificity of each drug (name, specificity), by its name."""
    named = specificity.drop_duplicates("name")
    return pd.DataFrame(
        {"table": "specificity", "key": named["name"], "ours": named["specificity"]}
    )
