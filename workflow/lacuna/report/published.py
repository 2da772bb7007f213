"""The numbers that papers print, beside this run's, which each stage gives in its `published`."""

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

import lacuna

OURS = ["table", "key", "ours", "low", "high", "interval"]


def gather_numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the numbers of all stages that papers print too.

    Every package of the library that has a module `published` is a stage: its function `numbers`
    takes the files and returns a DataFrame with the columns table, key and ours, if it has them
    also low, high and interval.

    Parameters
    ----------
    files
        Paths by name; a stage takes its own, and may do without.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [stage.numbers(files) for stage in _stages()]
    numbers = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    return numbers.reindex(columns=OURS).astype({"table": object, "key": object})


def _stages() -> Iterator[ModuleType]:
    this_package = __name__.split(".")[1]
    for package in pkgutil.iter_modules(lacuna.__path__):
        folders = [str(Path(folder) / package.name) for folder in lacuna.__path__]
        modules = {module.name for module in pkgutil.iter_modules(folders)}
        if package.name != this_package and "published" in modules:
            yield import_module(f"lacuna.{package.name}.published")


def compare(published: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Join published numbers and this run's.

    Parameters
    ----------
    published
        paper, place, what, table, key, value: resources/published.tsv.
    ours
        table, key, ours, low, high, interval: see `gather_numbers`. Names in keys match whatever
        their case.

    Returns
    -------
    DataFrame with columns paper, place, what, published, ours, difference, low, high, interval
        In the order of `published`; NaN where this run has no such number.
    """
    keyed = ours.assign(match=ours["key"].str.casefold()).drop(columns="key")
    wanted = published.assign(match=published["key"].fillna("").str.casefold())
    both = wanted.merge(
        keyed.drop_duplicates(["table", "match"]), on=["table", "match"], how="left"
    ).rename(columns={"value": "published"})
    both["difference"] = both["ours"] - both["published"]
    columns = ["paper", "place", "what", "published", "ours", "difference", "low", "high"]
    return both[[*columns, "interval"]]
