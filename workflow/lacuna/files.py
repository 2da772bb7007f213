"""Files that appear whole or not at all."""

import glob
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    The temporary file keeps the name's ending, and is removed when the block fails.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in path.parent.glob(f".unfinished-*-{glob.escape(path.name)}"):
        abandoned.unlink(missing_ok=True)  # left by a job that was killed
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


TEXT = dict.fromkeys(
    ("drug", "cell", "gene", "name", "group", "profile_type", "atc_codes", "targets", "mechanisms"),
    str,
)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; names stay text, even NA or 007."""
    return pd.read_csv(path, sep="\t", dtype=TEXT, keep_default_na=False, na_values=[""])


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as a tab-separated file, without its index."""
    path = Path(path)
    with whole(path) as unfinished:
        text = table.to_csv(sep="\t", index=False, float_format="%.6g").encode()
        # No name and no time stamp inside, so that equal tables are equal files.
        unfinished.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
