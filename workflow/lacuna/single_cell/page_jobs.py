"""What the page of scores is written from."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lacuna.io.tsv import read_table
from lacuna.single_cell.published import TABLE, numbers

SCORES = ("metrics", "differences", "disentanglement", "moved")


def read_page_tables(files: Mapping[str, Any], names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read the tables that `lacuna.single_cell.tables.sections` shows.

    Parameters
    ----------
    files
        metrics, differences, disentanglement, moved: as `lacuna.single_cell.score_jobs.score_cells`
        writes them; accounts and left_out, of the bulk screen and of targets; published,
        resources/published.tsv.
    names
        Of the data, in the order of accounts and left_out.
    """
    tables = {name: read_table(files[name]) for name in SCORES}
    for name, kind in (("account", "accounts"), ("left_out", "left_out")):
        read = [
            read_table(path).assign(data=data)
            for data, path in zip(names, files[kind], strict=True)
        ]
        tables[name] = pd.concat(read, ignore_index=True)
    ours = numbers({f"{TABLE}_{name}": [files[name]] for name in SCORES})
    published = read_table(files["published"])
    published = published[published["table"] == TABLE].rename(columns={"value": "published"})
    if ours.empty:
        tables["published"] = published.assign(ours=float("nan"))
    else:
        tables["published"] = published.merge(ours[["key", "ours"]], on="key", how="left")
    return tables
